"""A bank as a rail: ISO 20022 payment files out; status reports, statements and returns in."""
