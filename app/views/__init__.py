"""Screens: generated ones for every entity, and the few a table cannot express."""
