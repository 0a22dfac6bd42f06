"""What one file may cost before reading it is given up."""

from typing import NamedTuple

MEGA = 1024 * 1024


class Limits(NamedTuple):
    """Bounds of one reading process. A workbook of a million rows needs more memory than the default."""

    file_bytes: int = 200 * MEGA
    unpacked_bytes: int = 2048 * MEGA
    """All parts of a zipped workbook together, as its directory declares them."""
    ratio: int = 200
    """Unpacked to packed; real workbooks stay far below, a bomb is at 1000."""
    entries: int = 5000
    memory_bytes: int = 2048 * MEGA
    cpu_seconds: int = 300
    wait_seconds: float = 300.0
    """Time spent waiting for the process; time in which the caller works on rows does not count."""
    rows: int = 5_000_000
    columns: int = 2000
    cell_chars: int = 200_000
