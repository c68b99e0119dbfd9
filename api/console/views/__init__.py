"""One file for each subject of the console."""
