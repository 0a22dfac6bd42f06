"""What every installation has from the first day: layouts of files and delinquency buckets."""

from sqlalchemy import select

from app.core.db import unscoped
from app.models import Bucket
from app.servicing.intake import layouts

BUCKETS = (
    ("0", "0", 0, "green"), ("1-30", "1–30", 1, "yellow"), ("31-60", "31–60", 31, "orange"), ("61-90", "61–90", 61, "red"),
    ("90+", "90+", 91, "red"),
)  # fmt: skip
"""code, name, first day past due, colour. An installation may change them; a bucket reaches up to the next."""


def seed() -> None:
    """Add what is missing; what an administrator changed stays."""
    with unscoped("first data of an installation") as session:
        if session.scalar(select(Bucket.id).limit(1)) is None:
            session.add_all(
                Bucket(code=code, name=name, from_days=days, colour=colour)
                for code, name, days, colour in BUCKETS
            )
        layouts.seed(session)
