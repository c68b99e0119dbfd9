"""A provider of identity checks, on the wire."""
