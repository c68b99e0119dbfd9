"""Stored snapshots scored again by another model: many rows in little memory."""
