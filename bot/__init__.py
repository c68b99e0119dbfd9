"""The Telegram face: it reads what a borrower sends, asks the domain, and shows the answer."""
