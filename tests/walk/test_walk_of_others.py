"""Every door × those who see by one lender, by two grants, without personal numbers, or nothing."""

from tests.walk.walking import Walk
from tests.walk.world import by_other


class TestOthers(Walk):
    people = by_other()
