"""Who the borrower is: pictures, face match, verdicts with reasons. Knows no loan."""
