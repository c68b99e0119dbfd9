"""What a borrower sees: pure functions from what we know to text and buttons."""
