"""The staff console: pages drawn on the server, for a computer and for a phone."""
