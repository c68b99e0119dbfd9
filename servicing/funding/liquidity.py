"""Cash at each rail, by currency: what stands in the ledger, and what is on its way out."""

from servicing.ledger.balances import Cash, cash

__all__ = ["Cash", "cash"]
