"""Stand-ins for the outside world: real wire protocols, with a door for trouble."""
