"""What staff and jobs do about money at the rails: compared, put right, given back."""
