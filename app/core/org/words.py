"""Words for the codes that records of the house hold: what a change was made to, by which way, which step ran."""

from flask_babel import lazy_gettext as _, lazy_pgettext

from app.core import codes, labels, registry


def _entities() -> codes.Words:
    return {cls.slug(): labels.singular(cls) for cls in registry.entities()}


def _entities_of_programs() -> codes.Words:
    return {cls.slug(): labels.entity_label(cls) for cls in registry.entities() if cls.__screen__.list}


def _entities_of_webhooks() -> codes.Words:
    """What a webhook can be told of: records whose changes are kept or told, and that people see."""
    told = (
        cls
        for cls in registry.entities()
        if cls.__screen__.list and (cls.__history__ or cls.__told__ is not None)
    )
    return {cls.slug(): labels.entity_label(cls) for cls in told}


def _reports() -> codes.Words:
    return {report.name: str(report.title) for report in registry.reports()}


def _subjects() -> codes.Words:
    """What an entry of the access log can be about besides records, which it names: a report, a role."""
    return codes.words("standard_role") | codes.words("report")


codes.add("entity", _entities)
codes.add("api_entity", _entities_of_programs)
codes.add("webhook_entity", _entities_of_webhooks)
codes.add("report", _reports)
codes.add("audit_about", _subjects)
codes.add("yes_no", {"yes": _("Yes"), "no": _("No")})
codes.add(
    "history_action",
    {
        "create": lazy_pgettext("history", "Created"),
        "change": lazy_pgettext("history", "Changed"),
        "delete": lazy_pgettext("history", "Deleted"),
    },
)
codes.add(
    "history_source",
    {
        "screen": _("By a person on a screen"),
        "api": _("Through the interface for programs"),
        "import": _("By an import"),
        "job": _("By a job"),
        "rule": _("By a rule"),
        "approval": _("After approval"),
        "system": _("By the system"),
    },
)
codes.add(
    "audit_kind",
    {
        "login": lazy_pgettext("audit", "Login"),
        "login_failed": _("Failed login"),
        "look": _("Personal data shown"),
        "logout": _("Logout"),
        "export": _("Export"),
        "file": _("File of a record opened"),
        "print": lazy_pgettext("audit", "Print"),
        "role": _("Change of a role's rights"),
        "password_set": _("New password"),
        "activated": _("Login given back"),
        "deactivated": _("Login taken away"),
    },
)
codes.add("job", {"nightly": _("Closing the day"), "housekeeping": _("Housekeeping")})
codes.add(
    "job_step",
    {
        "request": _("Request to run"),
        "close": _("Closing the day"),
        "arrears": _("Arrears of every loan"),
        "buckets": _("Delinquency buckets"),
        "messages": _("Reminders"),
        "snapshot": _("Balances of the day"),
        "rules": _("Rules of every night"),
        "files": _("Files that nothing refers to"),
        "requests": _("Keys of old requests"),
        "deliveries": _("Old webhook deliveries"),
        "uploads": _("Old uploads"),
        "notifications": _("Notifications read long ago"),
        "firings": _("Firings of rules long ago"),
        "changes": _("Values of large changes that ended"),
        "months": _("Coming months of the history"),
    },
)
