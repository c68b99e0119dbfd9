"""The same wallets over the GSMA Mobile Money API 1.2."""
