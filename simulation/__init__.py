"""A whole lender in one process, with one clock and one seed, where everything goes wrong."""
