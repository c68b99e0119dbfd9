"""Is a living person there? Three acts in a random order, found again in a short clip."""
