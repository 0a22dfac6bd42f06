"""Numbers of people: in full only for roles that may reveal them, through whatever door they come out."""

import re

DIGITS = re.compile(r"861380000\d{4}|62112119701112\d{4}")
"""A telephone number or an identity number of the shop's customers."""
