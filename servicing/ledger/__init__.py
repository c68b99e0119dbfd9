"""The only truth about balances: immutable entries of two-leg transfers."""
