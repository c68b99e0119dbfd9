"""What a borrower can keep: the schedule as a picture and a calendar, statements and receipts."""
