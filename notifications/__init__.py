"""How a person is reached: contacts, the outbox, contact rules, channels and receipts."""
