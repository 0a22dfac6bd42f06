"""Noticing that a record was changed by somebody else while its form stood open.

A form carries a mark of every value it was filled from. When it is saved, the marks of the stored row, locked
then, must be the same; otherwise nothing is written and the person looks at both before saving again.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import select

from app.core.errors import RuleError
from app.core.web.fields import FieldInfo

OPENED = "_opened"
"""Name of the hidden input that carries the marks."""
DIGITS = 16
"""Hexadecimal digits of a mark: 64 bits, for values that are compared once."""


class ChangedMeanwhile(RuleError):
    """The stored row differs from what its form was opened with; `stored` holds the changed values by column."""

    def __init__(self, fields: Sequence[FieldInfo], row: Any, marks: str) -> None:
        labels = ", ".join(field.label for field in fields)
        super().__init__(
            gettext(
                "Somebody else changed this record meanwhile: %(fields)s. "
                "Your changes are kept below; look at them and save again.",
                fields=labels,
            )
        )
        self.stored = {field.column.key: getattr(row, field.column.key) for field in fields}
        self.marks = marks


@dataclass(frozen=True)
class Opened:
    """What a form was opened with: the marks of the row's values, as the hidden input says them."""

    fields: Sequence[FieldInfo]
    row_id: int
    said: str

    @classmethod
    def of(cls, row: Any, fields: Sequence[FieldInfo]) -> "Opened":
        """The marks of a row as it stands."""
        # a password is never shown in its form, so there is nothing that would be written over unseen
        open_fields = [field for field in fields if field.kind != "password"]
        marks = (
            f"{field.column.key}:{_mark(field, row.id, getattr(row, field.column.key))}"
            for field in open_fields
        )
        return cls(open_fields, row.id, " ".join(marks))

    @property
    def marks(self) -> dict[str, str]:
        """Mark by column; what is no mark is passed over."""
        return dict(part.split(":", 1) for part in self.said.split() if ":" in part)

    def hold(self, session: Any, row: Any) -> None:
        """Lock the stored row until the transaction ends and compare it; raises ChangedMeanwhile.

        A row that is gone or may not be written is left to the refusals of writing.
        """
        entity = type(row)
        wanted = select(entity).where(entity.id == self.row_id).with_for_update(of=entity, key_share=True)
        found = session.scalars(wanted.execution_options(populate_existing=True)).unique().one_or_none()
        if found is None:
            return
        now, then = Opened.of(found, self.fields), self.marks
        changed = [
            field
            for field in now.fields
            if then.get(field.column.key, now.marks[field.column.key]) != now.marks[field.column.key]
        ]
        if changed:
            raise ChangedMeanwhile(changed, found, now.said)

    def is_untouched(self, field: FieldInfo, bound: Any) -> bool:
        """Whether the form says of a field what it said when it was opened."""
        return getattr(bound, "kept", False) or self.marks.get(field.column.key) == _mark(
            field, self.row_id, bound.data
        )

    def show_again(self, form: Any, error: ChangedMeanwhile) -> "Opened":
        """Give untouched fields their stored values and say what happened; the marks to show the form with."""
        for field in self.fields:
            key = field.column.key
            if key in error.stored and self.is_untouched(field, form[key]):
                form[key].process(None, error.stored[key])
                form[key].raw_data = None
        form.form_errors.append(str(error))
        return Opened(self.fields, self.row_id, error.marks)


def _mark(field: FieldInfo, row_id: int, value: Any) -> str:
    """A keyed hash, so that a page tells nothing of a value; the row and column keep marks from being moved."""
    said = "\x1f".join((field.entity.slug(), str(row_id), field.column.key, _plain(field, value)))
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, said.encode(), "sha256").hexdigest()[:DIGITS]


def _plain(field: FieldInfo, value: Any) -> str:
    """A value in one form, whether it was stored or typed."""
    if field.kind == "bool":
        return str(bool(value))
    if value is None or value == "":
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        # forms show whole seconds
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    if isinstance(value, Decimal | int):
        return f"{Decimal(value).normalize():f}"
    if isinstance(value, list | tuple | set):
        return ",".join(sorted(map(str, value)))
    return "\n".join(str(value).strip().splitlines())
