"""Invented borrowers of the Ukrainian book: names, taxpayer numbers, telephones, real places."""

import csv
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
NAMES = json.loads((HERE / "names_ua.json").read_text(encoding="utf-8"))
_WEIGHTS = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
_DAY_ZERO = date(1899, 12, 31)


@dataclass(frozen=True)
class Place:
    """A settlement by the three names that find it in regions_ua.csv."""

    raion: str
    hromada: str
    settlement: str


@dataclass(frozen=True)
class Person:
    """A borrower with all that the book says about him; empty strings for what is not known."""

    name: str
    sex: str
    tax_number: str
    mobile: str
    landline: str
    spouse: str
    spouse_mobile: str
    place: Place
    address: str


def tax_number(born_on: date, serial: int, *, is_male: bool) -> str:
    """A taxpayer number (РНОКПП): days since 1899-12-31, serial, sex (odd for men), check digit.

    The check digit is the weighted sum of the first nine digits modulo 11, modulo 10.

    >>> tax_number(date(1985, 3, 14), 123, is_male=True)
    '3111912371'
    """
    nine = f"{(born_on - _DAY_ZERO).days:05d}{serial:03d}{2 * (serial % 5) + is_male}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, nine, strict=True))
    return f"{nine}{total % 11 % 10}"


def places(oblasts: set[str], raions: set[str]) -> dict[str, list[Place]]:
    """Settlements of the raions, by raion; only those whose three names exist once in the whole country."""
    with (HERE / "regions_ua.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    found: dict[Place, list[str]] = {}
    for row in rows.values():
        hromada = rows.get(row["parent_code"])
        if row["level"] != "settlement" or hromada is None or hromada["level"] != "hromada":
            continue
        raion = rows[hromada["parent_code"]]
        oblast = rows[raion["parent_code"]]["name"]
        found.setdefault(Place(raion["name"], hromada["name"], row["name"]), []).append(oblast)
    by_raion: dict[str, list[Place]] = {raion: [] for raion in sorted(raions)}
    for place, inside in found.items():
        if len(inside) == 1 and inside[0] in oblasts and place.raion in raions:
            by_raion[place.raion].append(place)
    return by_raion


class People:
    """Makes borrowers one after another; telephone numbers and taxpayer numbers are never repeated."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.numbers = iter(chance.sample(range(10_000), 10_000))
        self.serials = iter(chance.sample(range(1000), 1000))

    def person(self, place: Place) -> Person:
        """The next borrower, living in a place."""
        is_male = self.chance.random() < 0.55
        family = self.chance.choice(NAMES["families"])
        born_on = date(1955, 1, 1) + timedelta(days=self.chance.randrange(365 * 42))
        is_married = self.chance.random() < 0.6
        spouse = self._name(family, is_male=not is_male) if is_married else ""
        return Person(
            name=self._name(family, is_male=is_male),
            sex="чоловіча" if is_male else "жіноча",
            tax_number=tax_number(born_on, next(self.serials), is_male=is_male),
            mobile=self._mobile(),
            landline=self._landline(place) if self.chance.random() < 0.15 else "",
            spouse=spouse,
            spouse_mobile=self._mobile() if spouse and self.chance.random() < 0.7 else "",
            place=place,
            address=f"вул. {self.chance.choice(NAMES['streets'])}, {self.chance.randint(1, 140)}",
        )

    def officer(self) -> str:
        """The name of a loan officer."""
        return self._name(self.chance.choice(NAMES["families"]), is_male=self.chance.random() < 0.4)

    def _name(self, family: list[str], *, is_male: bool) -> str:
        given = self.chance.choice(NAMES["men" if is_male else "women"])
        patronymic = self.chance.choice(NAMES["patronymics"])
        return f"{family[not is_male]} {given} {patronymic[not is_male]}"

    def _mobile(self) -> str:
        digits = f"{next(self.numbers):04d}"
        written = self.chance.choice(("+38092000{}{}", "092 000 {} {}", "(092) 000-{}-{}", "092000{}{}"))
        return written.format(digits[:2], digits[2:])

    def _landline(self, place: Place) -> str:
        digits = f"{next(self.numbers):04d}"
        return f"({AREA_CODES[place.raion]}) 00{digits[:1]}-{digits[1:3]}-{digits[3:]}0"


# The code of the oblast's capital; a local number never begins with 00, so that none of these rings anywhere.
AREA_CODES = {
    **dict.fromkeys(
        (
            "Львівський",
            "Яворівський",
            "Золочівський",
            "Шептицький",
            "Стрийський",
            "Дрогобицький",
            "Самбірський",
        ),
        "032",
    ),
    **dict.fromkeys(("Полтавський", "Миргородський", "Лубенський", "Кременчуцький"), "053"),
}
