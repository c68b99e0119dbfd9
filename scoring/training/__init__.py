"""Making a model from a lender's own loans. Needs the `train` extra; serving never imports this."""
