"""Imports of regions, portfolios, repayments and write-offs by layouts kept as data.

Everything valid in a file is stored in one transaction, bad rows are given back with their reasons, and the same
file imported again changes nothing. A process killed at any instruction leaves nothing half done.
"""

from app.servicing.intake.importing import run_import, run_waiting
from app.servicing.intake.summary import Summary

__all__ = ["Summary", "run_import", "run_waiting"]
