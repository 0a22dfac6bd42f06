"""Screens: generated ones for every entity, and the few a table cannot express."""

from app.views import clock, customer, files, home, imports, loan, reports, roles, search  # noqa: F401
