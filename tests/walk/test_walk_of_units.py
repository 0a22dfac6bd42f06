"""Every door × those who see all, by branch, officer or team, or nothing."""

from tests.walk.walking import Walk
from tests.walk.world import by_unit


class TestUnits(Walk):
    people = by_unit()
