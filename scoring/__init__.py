"""Risk: a frozen snapshot goes in; a decision with its reasons comes out. Nothing here fetches."""
