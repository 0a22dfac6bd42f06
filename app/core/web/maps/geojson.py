"""A GeoJSON file (RFC 7946) read as outlines by code; what of it is none is told by name and reason."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal, gettext

from app.core.errors import RuleError
from app.core.outlines import DEGREE, Point, Ring

MEGA = 1024 * 1024
MOST_BYTES = 20 * MEGA
MOST_FEATURES = 10_000
MOST_POINTS = 200_000
"""Points of one outline."""
FEWEST_POINTS = 4
LONGEST = 200
NAMES = ("name", "Name", "NAME")
"""Properties by which a place without a known code is told."""


@dataclass(frozen=True)
class Outline:
    """The outline that a file gives the place of a code."""

    code: str
    name: str
    rings: list[Ring]


@dataclass(frozen=True)
class Refused:
    """A part of a file that is no outline, and why."""

    name: str
    code: str
    reason: str


class Unfit(Exception):
    """Why a geometry is no outline."""


def read(raw: bytes, key: str) -> tuple[list[Outline], list[Refused]]:
    """The outlines of a file by the property that holds their codes, each code once, and what is none.

    Raises RuleError where the whole file is no such thing.
    """
    found: dict[str, Outline] = {}
    refused: list[Refused] = []
    features = _features(raw)
    _need_key(features, key)
    for one in features:
        said = _properties(one)
        code, name = _text(said.get(key)), next((_text(said[name]) for name in NAMES if name in said), "")
        try:
            _need_new(code, key, found)
            found[code] = Outline(code, name, list(_rings(one.get("geometry"))))
        except Unfit as why:
            refused.append(Refused(name, code, str(why)))
    return list(found.values()), refused


def _need_new(code: str, key: str, found: Mapping[str, Outline]) -> None:
    if not code:
        raise Unfit(gettext("It has no property %(name)s", name=key))
    if code in found:
        raise Unfit(gettext("Its code stands in the file twice: the first outline is kept"))


def _features(raw: bytes) -> list[dict[str, Any]]:
    if len(raw) > MOST_BYTES:
        raise RuleError(gettext("The file is larger than %(most)s MB.", most=MOST_BYTES // MEGA))
    try:
        said = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RuleError(gettext("The file is no GeoJSON: it cannot be read as JSON")) from error
    features = (
        said.get("features") if isinstance(said, dict) and said.get("type") == "FeatureCollection" else None
    )
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise RuleError(gettext("The file is no GeoJSON of several places: a FeatureCollection is needed"))
    if not features:
        raise RuleError(gettext("The file has no places"))
    if len(features) > MOST_FEATURES:
        raise RuleError(gettext("The file has more than %(most)s places", most=format_decimal(MOST_FEATURES)))
    return features


def _no_number(word: str) -> Any:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(word)


def _need_key(features: list[dict[str, Any]], key: str) -> None:
    """Refuse a file in which no place has the property, naming those that it has."""
    known = {name: True for one in features for name in _properties(one)}
    if key not in known:
        has = ", ".join(list(known)[:20]) or "–"
        raise RuleError(
            gettext(
                "No place of the file has the property %(name)s. It has: %(known)s",
                name=key,
                known=_storable(has)[:LONGEST],
            )
        )


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    said = feature.get("properties")
    return said if isinstance(said, dict) else {}


def _text(value: Any) -> str:
    """A code or a name as people would write it: whole numbers without a point, nothing for what is no plain value."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return _storable(str(value)).replace("\x00", "").strip()[:LONGEST] if is_plain else ""


def _storable(text: str) -> str:
    """A text without halves of letters (lone surrogates), which JSON can hold and nothing else."""
    return text.encode("utf-8", "replace").decode()


def _rings(geometry: Any) -> Iterator[Ring]:
    """All closed lines of a Polygon or MultiPolygon, holes among them: what is inside of two of them is outside."""
    kind, parts = (
        (geometry.get("type"), geometry.get("coordinates")) if isinstance(geometry, dict) else (None, None)
    )
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(parts, list) or not parts:
        raise Unfit(gettext("Its geometry is no Polygon or MultiPolygon"))
    polygons = [parts] if kind == "Polygon" else parts
    if not all(isinstance(polygon, list) and polygon for polygon in polygons):
        raise Unfit(gettext("Its geometry is no Polygon or MultiPolygon"))
    rings = [ring for polygon in polygons for ring in polygon]
    if sum(len(ring) for ring in rings if isinstance(ring, list)) > MOST_POINTS:
        raise Unfit(gettext("It has more than %(most)s points", most=format_decimal(MOST_POINTS)))
    yield from map(_ring, rings)


def _ring(said: Any) -> Ring:
    if not isinstance(said, list) or len(said) < FEWEST_POINTS:
        raise Unfit(gettext("A line of its border has fewer than four points"))
    ring = [_point(one) for one in said]
    if ring[0] != ring[-1]:
        raise Unfit(gettext("A line of its border is not closed: it does not end where it begins"))
    return ring


def _point(said: Any) -> Point:
    if isinstance(said, list) and len(said) > 1 and all(type(one) in (int, float) for one in said[:2]):
        across, up = said[:2]
        # what is no number at all, or endless, lies in no range either
        if abs(across) <= 180 and abs(up) <= 90:
            return round(across * DEGREE), round(up * DEGREE)
    raise Unfit(
        gettext(
            "A coordinate is no longitude from -180 to 180 and latitude from -90 to 90, in degrees (WGS84)"
        )
    )
