"""Column types by name, so that an entity says what a value *is* and screens, files and history follow.

Every type is `Annotated[python type, mapped_column(...)]`; `info["kind"]` is what lists, forms, exports
and the REST API read to show, check and convert a value.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text as SqlText,
    case,
    cast,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

Money = Annotated[Decimal, mapped_column(Numeric(18, 2), info={"kind": "money"})]
"""An amount in the row's currency, two decimals."""
Rate = Annotated[Decimal, mapped_column(Numeric(9, 6), info={"kind": "rate"})]
"""Percent a year: 14.07 means 14.07 %."""
Factor = Annotated[Decimal, mapped_column(Numeric(9, 6), info={"kind": "number"})]
"""A plain ratio, such as a multiple of the contract rate."""
Count = Annotated[int, mapped_column(Integer, info={"kind": "number"})]
Days = Annotated[int, mapped_column(Integer, info={"kind": "days"})]
Code = Annotated[str, mapped_column(String(60), info={"kind": "code"})]
"""A number or short code people quote: loan number, contract number, product code."""
Name = Annotated[str, mapped_column(String(200), info={"kind": "text"})]
Line = Annotated[str, mapped_column(String(500), info={"kind": "text"})]
Text = Annotated[str, mapped_column(SqlText, info={"kind": "longtext"})]
Currency = Annotated[str, mapped_column(String(3), info={"kind": "code", "form": "currency"})]
"""An ISO 4217 code."""
Phone = Annotated[str, mapped_column(String(20), info={"kind": "phone", "personal": "phone"})]
"""A telephone number in E.164; masked for roles that may not reveal personal data."""
PersonalData = Annotated[
    str, mapped_column(String(60), info={"kind": "code", "personal": "code", "form": "identity"})
]
"""A value that identifies a person (identity or tax number); masked unless the role may reveal it."""
PersonalKind = Annotated[str, mapped_column(String(10), info={"kind": "mark"})]
"""As what ("phone", "code") the value of another column of the row is masked, if it is personal; that column's
`info["personal_by"]` names this one, which is shown to nobody."""
WrittenIn = Annotated[
    int, mapped_column(BigInteger, server_default=text("seal_number()"), info={"kind": "mark"})
]
"""The number of the transaction that wrote the row. Rows that have it are sealed (`app.core.seals`)."""
UNSEEN = ("scope_key", "bytes", "mark", "custom")
"""Kinds of columns that serve the program alone."""
Flag = Annotated[bool, mapped_column(Boolean, default=False, server_default="false", info={"kind": "bool"})]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True), info={"kind": "datetime"})]
CreatedAt = Annotated[
    datetime,
    mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp(), info={"kind": "datetime"}),
]
Json = Annotated[
    dict[str, Any], mapped_column(JSONB, default=dict, server_default="{}", info={"kind": "json"})
]
JsonList = Annotated[
    list[Any], mapped_column(JSONB, default=list, server_default="[]", info={"kind": "json"})
]
Password = Annotated[str, mapped_column(String(200), info={"kind": "password"})]
"""Only ever an argument of an operation: typed unseen, never stored as it is."""
Digest = Annotated[bytes, mapped_column(LargeBinary, info={"kind": "bytes"})]


class Choice(str, Enum):
    """One value of a fixed list, with its label and colour beside it; stored as its text.

    >>> class Light(Choice):
    ...     STOP = "stop", "Stop", "red"
    >>> Light("stop").label, Light.STOP.colour, Light.STOP == "stop"
    ('Stop', 'red', True)
    """

    label: Any
    colour: Any

    def __new__(cls, value: str, label: Any = "", colour: str = "secondary") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        member.colour = colour
        return member

    def __str__(self) -> str:
        return str(self.value)


class ChoiceText(TypeDecorator[Choice]):
    """Stores a Choice as text and gives the member back; an unknown stored value is an error, not a guess."""

    impl = String(30)
    cache_ok = True

    def __init__(self, choices: type[Choice]) -> None:
        super().__init__()
        self.choices = choices

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(self.choices(value).value)

    def process_result_value(self, value: Any, dialect: Any) -> Choice | None:
        return None if value is None else self.choices(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self if isinstance(value, Choice) else String()


class OpenedJson(TypeDecorator[dict[str, Any]]):
    """JSON in which values of persons stand encrypted; whoever reads a row reads it opened (`app.core.personal_ddl`).

    Conditions, and whatever SQL makes of the column, have it as it is stored: so do the seals.
    """

    impl = JSONB
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        # the function is called only where something is encrypted: most of the history is not
        is_encrypted = func.jsonb_path_exists(column, cast("$.*[*].encrypted", JSONPATH))
        return case((is_encrypted, func.personal_opened(column, type_=JSONB())), else_=column)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)


def choice(choices: type[Choice], *, default: Choice | None = None, **kwargs: Any) -> Any:
    """A column holding one member of `choices`."""
    server: dict[str, Any] = (
        {} if default is None else {"default": default, "server_default": str(default.value)}
    )
    return mapped_column(ChoiceText(choices), info={"kind": "choice", "choices": choices}, **server, **kwargs)


def of_person() -> Any:
    """A column that says of a person what is not masked: kept encrypted in the history, emptied when he is erased.

    Columns that are masked are kept so by themselves.
    """
    return mapped_column(info={"is_of_person": True})
