"""A mobile-money wallet rail: payouts, payment requests, incoming money, callbacks, statement."""
