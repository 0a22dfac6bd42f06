"""The help panel: what a screen is for, what its fields mean, who may do what, its keys, and guides that tell more."""
