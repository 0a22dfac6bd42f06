"""Every door × those who see by place, one lender, or by two grants."""

from tests.walk.walking import Walk
from tests.walk.world import by_place


class TestPlaces(Walk):
    people = by_place()
