"""Every door × those who see all, or by branch, officer or team."""

from tests.walk.walking import Walk
from tests.walk.world import by_unit


class TestUnits(Walk):
    people = by_unit()
