"""Notifications: what becomes of what the triggers noted, what users read of it and where."""
