"""The phone in the browser: a chat, an SMS inbox, a wallet and a clock, for several people."""
