"""A Twilio REST server for messages: the official SDK talks to it as to api.twilio.com."""
