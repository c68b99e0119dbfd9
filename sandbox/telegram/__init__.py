"""A Telegram Bot API server: the bot talks to it as it talks to api.telegram.org."""
