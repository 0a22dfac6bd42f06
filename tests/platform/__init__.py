"""Everything the platform does, done with an entity for which nobody has written a line besides its class."""
