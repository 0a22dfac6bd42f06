"""Right and wrong values for every column that people may type, made from its type."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.core import registry
from app.core.org import GrantKind
from app.core.web.fields import FieldInfo, describe_all
from app.core.web.forms import is_required
from app.core.web.links import shown_entities
from tests.web.shop import Shop

HUGE = "9" * 400
YEARS = {"matures_on": 2018, "expires_on": 2099}
"""In which a day must lie that cannot be any day."""
DECLARING = {
    ("custom_field", "kind"): "text",
    ("custom_field", "target"): None,
    ("custom_field", "places"): None,
    **{
        ("approval_route", name): None
        for name in [
            "field_names",
            "amount_field",
            "currency",
            "branch",
            "least",
            "second_least",
            "first_hours",
            "second_hours",
        ]
    },
    ("rule", "event"): "changed",
    **{
        ("rule", name): None
        for name in ("field", "message", "set_field", "set_value", "task_field", "task_title")
    },
}
"""What fits each other in a declaration of a custom field, and in a rule and a route."""


def with_verb(verb: str) -> list[str]:
    """Entities that offer add, edit or delete; files, which come with a form of their own, have tests of their own."""
    offering = [cls.slug() for cls in shown_entities() if verb in cls.__screen__.operations.split()]
    return [slug for slug in offering if not any(field.kind == "file" for field in fields(slug))]


def fields(slug: str) -> list[FieldInfo]:
    entity = registry.entity(slug)
    return list(describe_all(entity, entity.__screen__.form_columns))


def plain(slug: str) -> list[FieldInfo]:
    """Those whose values no rule ties to anything: texts without a list of words."""
    texts = [field for field in fields(slug) if field.kind in ("text", "longtext", "code")]
    return [
        field
        for field in texts
        if not has_words(field) and field.name not in ("zone", "currency", "identity_number")
    ]


def has_words(field: FieldInfo) -> bool:
    """Whether only certain codes may stand in it."""
    return field.column is not None and bool(field.column.info.get("words"))


def sample(field: FieldInfo, shop: Shop, number: int) -> Any:
    """A value that the column takes, another for another number; None where none is made."""
    kind, column = field.kind, field.column
    if field.is_fixed:
        # what can be changed stays with its record
        at = 0 if "edit" in field.entity.__screen__.operations else number
        return "customer" if field.words else str(shop.customers[at % len(shop.customers)])
    if (field.entity.slug(), field.name) in DECLARING:
        return DECLARING[field.entity.slug(), field.name]
    if kind == "link":
        is_needed = is_required(column) or (field.entity.slug(), field.name) == ("user", "role")
        return shop.some(field.target.slug()) if is_needed else None
    if kind == "choice":
        members = [*field.choices] if field.entity.slug() != "data_grant" else [GrantKind.ALL, GrantKind.OWN]
        return str(members[number % len(members)].value)
    if field.words:
        return next(iter(field.words))
    if kind in ("text", "longtext", "code", "phone", "password"):
        return text(field, number)
    made = {
        "money": f"{100 + number}.25", "rate": "14.070001", "number": str(number), "days": str(number),
        "date": f"{YEARS.get(field.name, 2017)}-{number % 12 + 1:02d}-03", "datetime": f"2018-06-{number % 28 + 1:02d}T15:30", "bool": True,
    }  # fmt: skip
    return made.get(kind)


def text(field: FieldInfo, number: int) -> str:
    """A text that fits its column and the rules that are known by its name."""
    named = {
        "zone": "Asia/Shanghai", "currency": "CNY", "language": "uk", "country": "CN", "email": f"p{number}@example.invalid",
        "phone": f"+861380099{number:04d}", "number": f"+861380099{number:04d}" if field.kind == "phone" else f"N{number}",
        "send_times": "09:00 18:30", "colour": "red", "contact_pack": "default", "allocation_order": "overdue",
        "addresses": "192.0.2.0/24", "url": "https://8.8.8.8/told", "conditions": f"name__contains=x{number}",
        "identity_number": f"ID {number}", "username": f"user{number}", "password": f"Secret-{number}-pw", "phone_number": f"+861380099{number:04d}",
    }  # fmt: skip
    if field.name == "code" and field.entity.slug().startswith("custom_"):
        return f"code_{number}"
    made = named.get(field.name, f"{field.name[:20]} {number}")
    return made[: getattr(field.column.type, "length", None) or 500]


def body(slug: str, shop: Shop, number: int) -> dict[str, Any]:
    """A complete row as an API call says it."""
    with shop.app.test_request_context():
        found = {field.name: sample(field, shop, number) for field in fields(slug)}
    if slug == "setting":
        found = {"name": "default_contact_pack", "value": ["UA", "RU", "US"][number % 3]}
    return {name: value for name, value in found.items() if value is not None}


def as_form(slug: str, values: dict[str, Any]) -> dict[str, str]:
    """The same as a form sends it."""
    keys = {field.name: field.column.key for field in fields(slug)}
    return {keys[name]: "y" if value is True else str(value) for name, value in values.items()}


def kept(field: FieldInfo, row: Any) -> Any:
    """What a stored row holds, as `sample` writes it."""
    value = getattr(row, field.column.key)
    if isinstance(value, datetime):
        value = value.astimezone(UTC) if value.tzinfo else value
        return f"{value:%Y-%m-%dT%H:%M}"
    return value


def same(field: FieldInfo, said: Any, row: Any) -> bool:
    """Whether the row holds what was said; instants are typed in the installation's zone (UTC+8)."""
    held = kept(field, row)
    if field.kind == "datetime":
        return str(held) == str(said).replace("T15:30", "T07:30")
    if field.kind in ("money", "rate", "number", "days"):
        return Decimal(said) == Decimal(held)
    return held == said if field.kind in ("bool", "link") else str(held) == str(said)


def wrong(field: FieldInfo) -> Iterator[Any]:
    """Values that the column cannot hold."""
    length = getattr(field.column.type, "length", None)
    by_kind: dict[str, list[Any]] = {
        "money": ["1.234", HUGE, "ten", "NaN", "Infinity", "1e16", -1e300],
        "rate": ["1.0000001", "12345", "ten"],
        "number": [
            "1.5" if not getattr(field.column.type, "scale", None) else "ten",
            str(2**31),
            HUGE,
            "ten",
            "²",
        ],
        "days": ["1.5", str(2**40), "ten"],
        "date": ["2018-02-30", "yesterday", "20180101T", 20180101],
        "datetime": ["2018-02-30T10:00", "noon", 5],
        "choice": ["guess", 7, HUGE],
        "link": ["abc", -1, 0, 2**31, 2**63, HUGE, {"id": "²"}, 1.5],
    }
    yield from by_kind.get(field.kind, [])
    if has_words(field):
        yield "no-such-word"
    elif (
        length and field.kind != "phone" and "form" not in field.column.info
    ):  # those have rules of their own
        yield "x" * (length + 1)
