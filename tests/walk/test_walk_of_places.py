"""Every door × those who see by place."""

from tests.walk.walking import Walk
from tests.walk.world import by_place


class TestPlaces(Walk):
    people = by_place()
