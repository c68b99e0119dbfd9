"""The end of the business day, part by part of the book."""
