"""Custom fields as an administrator declares them, and the values from which a field of choice is chosen."""

from flask_babel import lazy_gettext as _, lazy_pgettext
from sqlalchemy import ARRAY, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import codes, registry
from app.core.custom_column import is_open
from app.core.entity import Entity, link
from app.core.labels import entity_label
from app.core.scope import Scope
from app.core.screen import Screen, When
from app.core.types import Choice, Code, Count, Flag, Line, Name, choice


class CustomKind(Choice):
    """What a custom field holds."""

    TEXT = "text", lazy_pgettext("custom field", "Text"), "blue"
    LONGTEXT = "longtext", _("Long text"), "blue"
    NUMBER = "number", lazy_pgettext("custom field", "Number"), "green"
    MONEY = "money", _("Money"), "green"
    DATE = "date", _("Date"), "purple"
    CHOICE = "choice", _("Choice"), "orange"
    LINK = "link", lazy_pgettext("custom field", "Reference"), "teal"
    BOOL = "bool", _("Yes or no"), "secondary"
    FILE = "file", lazy_pgettext("custom field", "File"), "red"


class Colour(Choice):
    """The colours in which a value of a choice is shown."""

    SECONDARY = "secondary", _("Grey"), "secondary"
    BLUE = "blue", _("Blue"), "blue"
    GREEN = "green", _("Green"), "green"
    ORANGE = "orange", _("Orange"), "orange"
    RED = "red", _("Red"), "red"


class _Labelled:
    """A name in each language; where one is empty, the first that is filled in is shown."""

    label_en: Mapped[Name | None]
    label_uk: Mapped[Name | None]
    label_ru: Mapped[Name | None]
    label_zh_hans: Mapped[Name | None]
    label_zh_hant: Mapped[Name | None]


LABELS = "label_en label_uk label_ru label_zh_hans label_zh_hant"
_LANGUAGES = {
    "label_en": _("Label in English"),
    "label_uk": _("Label in Ukrainian"),
    "label_ru": _("Label in Russian"),
    "label_zh_hans": _("Label in simplified Chinese"),
    "label_zh_hant": _("Label in traditional Chinese"),
}


def _owners() -> codes.Words:
    return {cls.slug(): entity_label(cls) for cls in registry.entities() if is_open(cls)}


def _targets() -> codes.Words:
    return {cls.slug(): entity_label(cls) for cls in registry.entities() if cls.__screen__.list}


codes.add("custom_owner", _owners)
codes.add("custom_target", _targets)


class CustomField(_Labelled, Entity):
    """A field that rows of an entity have besides its columns."""

    __scope__ = Scope.shared("which fields there are; every form and list reads them")
    __custom__ = False
    __table_args__ = (UniqueConstraint("entity", "code"),)

    entity: Mapped[Code] = mapped_column(info={"words": "custom_owner"})
    code: Mapped[Code]
    kind: Mapped[CustomKind] = choice(CustomKind)
    hint: Mapped[Line | None]
    target: Mapped[Code | None] = mapped_column(info={"words": "custom_target"})
    places: Mapped[Count | None]
    default_value: Mapped[Line | None]
    roles: Mapped[list[str] | None] = mapped_column(
        ARRAY(String(20)), info={"kind": "codes", "said": "custom_role"}
    )
    position: Mapped[Count] = mapped_column(default=0, server_default="0")
    is_required: Mapped[Flag]
    is_personal: Mapped[Flag]
    is_searched: Mapped[Flag]
    is_indexed: Mapped[Flag]
    is_hidden: Mapped[Flag]

    __screen__ = Screen(
        help=_(
            "Fields of your own on any kind of record: they appear at once in forms, lists, filters, Excel files and for "
            "programs. The kind of a field is chosen once and stays. Take a field out of use rather than delete it: what is"
            " stored stays."
        ),
        guide="custom-fields",
        menu=_("Administration"), title=_("Custom fields"), icon="columns",
        list="entity code kind label_en position is_required is_personal is_hidden",
        form={_("Field"): "entity code kind target places position", _("Label"): f"{LABELS} hint",
              _("Rules"): "default_value roles is_required is_personal is_searched is_indexed is_hidden"},
        filters="entity kind code is_required is_personal is_hidden", search="code label_en", order="entity position",
        tabs="custom_choice", position=60,
        only_if={
            "target": When("kind", "link", is_needed=True), "places": When("kind", "number"), "is_personal": When("kind", "text file"),
            "is_searched": When("kind", "text longtext"),
        },
        labels={**_LANGUAGES, "entity": _("Records"), "hint": _("Help text"), "target": _("Refers to"),
                "places": _("Decimal places"), "default_value": _("Default"), "roles": _("Roles that see it"),
                "position": _("Order in the form"), "is_searched": _("Found by quick search"), "is_indexed": _("Indexed"), "is_hidden": _("Out of use")},
        hints={"code": _("Small letters, digits and _; what programs call it"),
               "kind": _("A choice is offered once it has values"),
               "roles": _("Nobody chosen: every role"),
               "default_value": _("What a new record starts with; a date as 2018-06-25, yes or no as yes or no"),
               "is_personal": _("Masked for roles that may not see personal data, encrypted in the history. Say so before there are values"),
               "is_indexed": _("Filters by it stay fast in large lists"),
               "is_hidden": _("Shown nowhere; what is stored stays"),
               "target": _("For a reference only"), "places": _("For a number only; empty means a whole number")},
    )  # fmt: skip


class CustomChoice(_Labelled, Entity):
    """A value from which a custom field of choice is chosen."""

    __scope__ = Scope.shared("which values there are; every form and list reads them")
    __custom__ = False
    __table_args__ = (UniqueConstraint("field_id", "code"),)

    field_id: Mapped[int] = link("custom_field", ondelete="CASCADE")
    code: Mapped[Code]
    colour: Mapped[Colour] = choice(Colour, default=Colour.SECONDARY)
    position: Mapped[Count] = mapped_column(default=0, server_default="0")

    __screen__ = Screen(
        title=_("Custom choices"), icon="list", list="field code label_en colour position",
        form={_("Value"): f"field code {LABELS} colour position"}, search="code label_en", order="position",
        labels={**_LANGUAGES, "field": _("Custom field"), "position": _("Order in the form")},
    )  # fmt: skip
