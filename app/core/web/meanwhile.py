"""Noticing that a record was changed by somebody else while its form stood open, or since a program read it.

A form carries a mark of every value it was filled from. When it is saved, the marks of the stored row, locked
then, must be the same; otherwise nothing is written and the person looks at both before saving again. A program
is given one mark of the whole row, its version, and says it when it writes.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any, Protocol

from flask import current_app
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import ETags

from app.core.custom_column import COLUMN, is_open
from app.core.custom_file import HeldFile
from app.core.errors import RuleError
from app.core.history_triggers import history_columns
from app.core.web.cells import cell
from app.core.web.fields import FieldInfo, customs, describe_all
from app.core.web.principal import current
from app.core.web.steering import business_date

OPENED = "_opened"
"""Name of the hidden input that carries the marks."""
DIGITS = 16
"""Hexadecimal digits of a mark: 64 bits, for values that are compared once."""


class ChangedMeanwhile(RuleError):
    """The stored row differs from what its form was opened with.

    `stored` holds the changed values by column, `told` the same as pages show them.
    """

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
        self.told = {
            field.column.key: cell(field, row, current(), business_date()).text or "–" for field in fields
        }
        self.marks = marks


class OtherVersion(RuleError):
    """The stored row is no longer the one that a program read."""

    def __init__(self) -> None:
        super().__init__(gettext("This record is no longer as you read it. Nothing was done; read it again."))


class Held(Protocol):
    """What was expected of a row by whoever writes it."""

    def hold(self, session: Any, row: Any) -> None:
        """Lock the stored row until the transaction ends; raises RuleError where it is not as expected."""


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
        found = _locked(session, row)
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
        """Give untouched fields their stored values, show these beside the others, and say what happened.

        Returns the marks to show the form with.
        """
        for field in self.fields:
            key = field.column.key
            if key not in error.stored:
                continue
            if self.is_untouched(field, form[key]):
                form[key].process(None, error.stored[key])
                form[key].raw_data = None
            else:
                both = gettext("Stored meanwhile: %(value)s", value=error.told[key])
                form[key].errors = [*form[key].errors, both]
        form.form_errors.append(str(error))
        return Opened(self.fields, self.row_id, error.marks)


class Known:
    """What somebody knows of a row that is to be written."""

    def hold(self, session: Any, row: Any) -> None:
        """Lock the stored row until the transaction ends and compare it; raises OtherVersion.

        A row that is gone or may not be written is left to the refusals of writing.
        """
        found = _locked(session, row)
        if found is not None and not self.still_holds(session, found):
            raise OtherVersion

    def still_holds(self, session: Any, stored: Any) -> bool:
        """Whether the stored row is as it was."""
        raise NotImplementedError


@dataclass(frozen=True)
class Expected(Known):
    """The versions of a row that a program named when it writes (If-Match)."""

    versions: ETags

    def still_holds(self, session: Any, stored: Any) -> bool:
        """Whether the stored row has one of them."""
        return self.versions.star_tag or version(stored) in self._named()

    def _named(self) -> set[str]:
        """The versions alone: who packs an answer makes its tag weak or writes ":gzip" behind it, and means the same."""
        return {str(tag).partition(":")[0] for tag in self.versions.as_set(include_weak=True)}


def version(row: Any) -> str:
    """What stands for all values of a row whose changes count; those the reader sees masked have no say in it."""
    described = [*describe_all(type(row), history_columns(type(row))), *customs(type(row))]
    marks = Opened.of(row, [field for field in described if field.is_open_to(current())]).said
    return sha256(marks.encode()).hexdigest()[: 2 * DIGITS]


def stored_version(session: Any, row: Any) -> str:
    """The version of a row that was just written, with what the database filled in."""
    session.refresh(row, [*history_columns(type(row)), *([COLUMN] if is_open(type(row)) else [])])
    return version(row)


@dataclass(frozen=True)
class AsAsked(Known):
    """The `whole_version` that a row had when something was asked for."""

    version: str

    def still_holds(self, session: Any, stored: Any) -> bool:
        """Whether the stored row still has it."""
        return whole_version(session, stored) == self.version


def whole_version(session: Any, row: Any) -> str:
    """What stands for all values of a stored row, whoever looks; a custom field that has none has no say in it."""
    names, has_customs = history_columns(type(row)), is_open(type(row))
    session.refresh(row, [*names, *([COLUMN] if has_customs else [])])
    marks = Opened.of(row, describe_all(type(row), names)).said
    kept = json.dumps((getattr(row, COLUMN) if has_customs else None) or {}, sort_keys=True)
    return sha256(f"{marks} {kept}".encode()).hexdigest()[: 2 * DIGITS]


def _locked(session: Any, row: Any) -> Any:
    """The row as it is stored now, locked against other writers; None where it is gone or may not be written."""
    entity = type(row)
    wanted = select(entity).where(entity.id == row.id).with_for_update(of=entity, key_share=True)
    return session.scalars(wanted.execution_options(populate_existing=True)).unique().one_or_none()


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
    if isinstance(value, HeldFile):
        return str(value.id)
    if isinstance(value, datetime):
        # forms show whole seconds
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    if isinstance(value, Decimal | int):
        return f"{Decimal(value).normalize():f}"
    if isinstance(value, list | tuple | set):
        return ",".join(sorted(map(str, value)))
    return "\n".join(str(value).strip().splitlines())
