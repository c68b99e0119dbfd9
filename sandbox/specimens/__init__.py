"""Documents of a country that does not exist, for people who do not either."""
