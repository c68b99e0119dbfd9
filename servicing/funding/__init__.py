"""Whose money is lent: funders, pools, what holds a payout back, forecasts and statements."""
