"""Schema migrations, reversible, one topic each."""
