"""The command line: a face, like the bot and the API."""
