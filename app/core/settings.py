"""Settings that steer the installation, with their defaults and meaning. Values live in the table `setting`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core import codes, custom_cache
from app.core.org.setup import Setting

SETTINGS: dict[str, tuple[str, Any, Any]] = {
    "business_date": (
        "", _("Business date"), _("The day the installation works on; empty means the computer's date"),
    ),
    "clock_runs": ("no", _("The clock runs"), _("Whether the day is closed every night by itself")),
    "send_messages": (
        "yes", _("Messages are sent"), _("If not, nothing is sent and messages stay in the queue"),
    ),
    "dun_only_after_repayments": (
        "no", _("Remind only after the day's repayments"),
        _("Whether reminders of arrears wait until the day's repayment file is posted"),
    ),
    "default_contact_pack": (
        "default", _("Rules of contact"), _("Rules of contact that apply where a client has none"),
    ),
    "attachment_mb": (
        "50", _("Largest attachment, megabytes"), _("Larger files are refused; how much comes in at once the installation limits, too"),
    ),
    "notification_days": (
        "90", _("Days that notifications are kept"), _("Notifications that were read longer ago than that are removed"),
    ),
    "firing_days": (
        "180", _("Days that firings of rules are kept"), _("What rules did longer ago than that is removed from their log"),
    ),
    "country": (
        "CN", _("Country"), _("Country of the holiday calendar and of telephone numbers without a prefix"),
    ),
    "zone": ("Asia/Shanghai", _("Time zone"), _("Time zone of the installation")),
}  # fmt: skip
"""name → default, title and meaning."""
codes.add("setting", {name: title for name, (_default, title, _meaning) in SETTINGS.items()})
codes.add("setting_meaning", {name: meaning for name, (_default, _title, meaning) in SETTINGS.items()})
codes.add(
    "setting_value", lambda: codes.words("yes_no") | codes.words("contact_pack") | codes.words("country")
)


def read(session: Session, name: str) -> str:
    """A setting's value, or its default. Raises KeyError for a name that is not a setting."""
    default = str(SETTINGS[name][0])
    value = session.scalar(select(Setting.value).where(Setting.name == name))
    return default if value is None else value


def asked() -> tuple[ColumnElement[Any], ColumnElement[str]]:
    """What every request asks along with who sends it: the stored settings, and the version of the custom fields."""
    stored = select(func.json_object_agg(Setting.name, Setting.value)).scalar_subquery()
    return stored, custom_cache.version().scalar_subquery()


def complete(stored: Mapping[str, str] | None) -> dict[str, str]:
    """Every setting by its name, those not stored with their defaults."""
    return {name: (stored or {}).get(name, str(default)) for name, (default, *_words) in SETTINGS.items()}


def read_all(session: Session) -> tuple[dict[str, str], str]:
    """Every setting by its name, and the version of the custom fields."""
    stored, version = session.execute(select(*asked())).one()
    return complete(stored), version


def read_flag(session: Session, name: str) -> bool:
    return read(session, name) == "yes"


def read_date(session: Session, name: str) -> date | None:
    value = read(session, name)
    return date.fromisoformat(value) if value else None


def store_missing(session: Session) -> None:
    """Store the settings that are not stored yet with their defaults, so that the screen offers them."""
    stored = set(session.scalars(select(Setting.name)))
    for name, (default, *_words) in SETTINGS.items():
        if name not in stored:
            session.add(Setting(name=name, value=str(default)))
    session.flush()


def write(session: Session, name: str, value: str) -> None:
    """Store a setting. Raises KeyError for a name that is not a setting."""
    if name not in SETTINGS:
        raise KeyError(name)
    row = session.scalars(select(Setting).where(Setting.name == name)).one_or_none()
    if row is None:
        session.add(Setting(name=name, value=value))
    else:
        row.value = value
    session.flush()
