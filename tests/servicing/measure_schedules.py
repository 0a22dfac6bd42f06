"""Instalments a second of the vectorised schedule: `python -m tests.servicing.measure_schedules [loans]`."""

import sys
import time

import numpy as np

from app.servicing.bulk_loans import Loans
from app.servicing.duedates import DueRule
from app.servicing.schedule_bulk import schedule_chunks
from app.servicing.terms import Plan


def sample_loans(count: int) -> Loans:
    """A book made up from a fixed seed: 1 000 to 40 000 units, 5 to 31 % a year, 12 to 60 months."""
    chance = np.random.default_rng(20180625)
    return Loans(
        chance.integers(1_000, 40_000, count) * 100,
        chance.integers(500, 3_100, count) * 10_000,
        np.datetime64("2018-01-01") + chance.integers(0, 90, count).astype("m8[D]"),
        chance.choice([12, 24, 36, 60], count),
    )


def measure_bulk(n_loans: int, plan: Plan | None = None) -> float:
    """Instalments computed a second for so many loans of one plan, an annuity unless told."""
    loans = sample_loans(n_loans)
    started = time.perf_counter()
    rows = sum(len(lines) for lines in schedule_chunks(loans, plan or Plan(), DueRule()))
    return rows / (time.perf_counter() - started)


if __name__ == "__main__":
    print(f"{measure_bulk(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):,.0f} instalments/s")
