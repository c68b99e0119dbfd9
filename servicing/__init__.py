"""The loan after it is agreed: its arithmetic, its life, its ledger."""
