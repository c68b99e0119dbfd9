"""The tool-box: knows databases, time, money and secrets, and no lending word."""
