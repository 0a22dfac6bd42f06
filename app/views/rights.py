"""Names of the rights that are not made from an entity's name, for the table of a role."""

from typing import Any

from flask_babel import gettext, lazy_gettext as _

from app.core import codes, labels, registry

SUBJECTS: dict[str, Any] = {
    "ApiReference": _("API reference"),
    "Clock": _("Business date"),
    "Files": _("Opening one's own files"),
    "Jobs": _("Jobs"),
    "Notifications": _("Notifications"),
    "Home": _("Home page"),
    "Imports": _("Importing files"),
    "Lookups": _("Lists to choose from"),
    "OpenApi": _("Description of the interface for programs"),
    "PersonalData": _("Personal data"),
    "Reports": _("List of reports"),
    "ResetMyPasswordView": _("Change of one's own password"),
    "Search": _("Search"),
}
VERBS: dict[str, Any] = {
    "can_add": _("Add"),
    "can_build": _("Build"),
    "can_chart": _("Chart"),
    "can_close_day": _("Close the day"),
    "can_delete": _("Delete"),
    "can_edit": _("Edit"),
    "can_export": _("Export"),
    "can_find": _("Find"),
    "can_get": _("Open"),
    "can_index": _("Open"),
    "can_list": _("List"),
    "can_menu": _("Choose"),
    "can_open": _("Open"),
    "can_reveal": _("Reveal"),
    "can_pick": _("Choose rows by a list"),
    "can_rows": _("Look up"),
    "can_save": _("Save"),
    "can_see_sql": _("See what the database was asked"),
    "can_share": _("Share with a role"),
    "can_show": _("View"),
    "can_start": _("Open lists with it"),
    "can_undo": _("Undo imports of others"),
    "can_this_form_get": _("Open"),
    "can_this_form_post": _("Save"),
}


def subject_names() -> dict[str, str]:
    """What a right is to: entities, reports and hand-written screens, in the language of the page."""
    names = {subject: str(name) for subject, name in SUBJECTS.items()}
    names |= {report.subject: str(report.title) for report in registry.reports()}
    return names | {labels.subject(cls): labels.entity_label(cls) for cls in registry.entities()}


def verb_names() -> dict[str, str]:
    """What a right allows, in the language of the page."""
    verbs = {verb: str(name) for verb, name in VERBS.items()}
    return verbs | {operation.permission: str(operation.label) for operation in registry.operations()}


def _rights() -> codes.Words:
    """Every right in words, as the access log tells which were given and taken."""
    subjects = subject_names().items()
    verbs = verb_names().items()
    return {f"{verb} {subject}": f"{name}: {deed}" for subject, name in subjects for verb, deed in verbs}


codes.add("right", _rights)


def named(name: str, known: dict[str, str]) -> str:
    """The name known for a right; of one that an extension brought, the words it is made of."""
    return known.get(name) or gettext(labels.words(name.removeprefix("can_")))
