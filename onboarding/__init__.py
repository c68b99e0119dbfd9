"""The journey from the first question to the signed agreement: it conducts the other rooms."""
