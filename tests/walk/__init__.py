"""The walk: every door of the product, tried as users of every kind of scope."""
