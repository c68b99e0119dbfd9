"""Whatever moves money for us: one contract, an adapter for each rail."""
