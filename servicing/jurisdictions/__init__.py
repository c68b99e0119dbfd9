"""What a loan may cost where it is lent: caps as dated, sourced data, and the check."""
