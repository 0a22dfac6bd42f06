"""Rules of administrators: what may be typed of one, and the page of a dry run."""

from contextlib import suppress
from typing import Any

from flask import render_template
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes, form_rules, registry, sections
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.history_triggers import is_told
from app.core.org import Rule, RuleEvent, Webhook
from app.core.rules import actions, gone, runner, trying, versions
from app.core.web import bodies, forms, links
from app.core.web.cells import plain
from app.core.web.fields import as_id
from app.core.web.pages import Cell, Col, Row, Table
from app.core.web.principal import current, need_rights_of
from app.core.web.register import screen
from app.core.web.rule_fields import settable, watched
from app.core.webhooks import telling

ACTIONS = ("task_title", "message", "set_field", "comment", "webhook_id")
DOERS = ("task_user_id", "task_role_id", "task_team_id", "task_field")
_PUT = ("task_title", "comment", "message")
"""What is put to a record."""


@form_rules.check(Rule, about="is_off")
def begins_anew(_session: Session, rule: Rule) -> None:
    """Switched on again, it has no reason to be off."""
    if not rule.is_off:
        rule.stopped_at = rule.stopped_because = rule.stopped_detail = None


@form_rules.check(Rule, about=f"is_off {' '.join(ACTIONS)}")
def does_something(_session: Session, rule: Rule) -> None:
    """A rule that is on does at least one thing."""
    if not rule.is_off and not any(getattr(rule, name) for name in ACTIONS):
        raise RuleError(_("Say what it does, or leave it switched off"), "is_off")


@form_rules.check(Rule, about="entity field conditions event user_id")
def looks_at_what_is_there(_session: Session, rule: Rule) -> None:
    """It waits for a field that the record has, under conditions that its list takes."""
    if rule.field and rule.field not in watched(rule.entity):
        named = f"{rule.field}_id"
        if named not in watched(rule.entity):
            raise RuleError(_("There is no field %(name)s here", name=rule.field), "field")
        rule.field = named
    try:
        telling.where(rule.entity, rule.conditions)
        # a field may be hidden from the role in which it acts
        with suppress(runner.NobodyThere), runner.acting(rule):
            telling.where(rule.entity, rule.conditions)
    except RuleError as error:
        raise RuleError(error.message, "conditions") from error


@form_rules.check(Rule, about="entity event")
def waits_for_what_happens(_session: Session, rule: Rule) -> None:
    """Of a journal's rows it is told that they are new: they are neither changed nor deleted."""
    if rule.event != RuleEvent.NIGHTLY and not is_told(registry.entity(rule.entity), rule.event.value):
        raise RuleError(_("This does not happen with such records"), "event")


@form_rules.check(Rule, about=f"is_off {' '.join(versions.columns())}")
def may_no_more_than_its_author(_session: Session, rule: Rule) -> None:
    """Who writes a rule sees everything; the user as whom it acts may do nothing that its author may not.

    Whoever changes what it does is its author as well; anybody who may edit it switches it off.
    """
    if not rule.is_off or form_rules.changed(rule, *versions.columns()):
        need_rights_of(rule.user_id)


@form_rules.check(Rule, about="entity set_field set_value")
def sets_what_can_be_set(_session: Session, rule: Rule) -> None:
    """The field can be typed into such a record, and the value can stand there."""
    if not rule.set_field:
        return
    field = settable(rule.entity).get(rule.set_field)
    if field is None:
        raise RuleError(_("There is no field %(name)s here", name=rule.set_field), "set_field")
    told = bodies.row([field], {field.name: actions.said_of(field, rule.set_value)})
    form = forms.entity_form([field], web_session(), None, posted=told)
    if not form.validate():
        raise RuleError("; ".join(str(one) for many in form.errors.values() for one in many), "set_value")


@form_rules.check(Rule, about=f"entity task_title {' '.join(DOERS)}")
def gives_the_task_to_somebody(_session: Session, rule: Rule) -> None:
    """A task is for one of a user, a role, a team, and the user whom the record names."""
    named = [name for name in DOERS if getattr(rule, name)]
    if rule.task_title and len(named) != 1:
        raise RuleError(_("Choose one of them: a user, a role, a team or a field of the record"), named[1] if named else "task_user_id")  # fmt: skip
    if rule.task_field:
        column = registry.entity(rule.entity).__table__.c.get(rule.task_field)
        if column is None or column.info.get("link") != "user":
            raise RuleError(_("This field of the record names no user"), "task_field")


@form_rules.check(Rule, about=f"entity event {' '.join(_PUT)}")
def puts_it_to_what_is_left(_session: Session, rule: Rule) -> None:
    """What is done about a deleted record is put to the one on whose page it stood."""
    put = next((name for name in _PUT if getattr(rule, name)), None)
    if rule.event == RuleEvent.DELETED and put and not gone.homes(registry.entity(rule.entity)):
        raise RuleError(_("Such records stand on no other one's page: of a deleted one nothing is left to put this to"), put)  # fmt: skip


@form_rules.check(Rule, about="entity webhook_id")
def calls_a_webhook_of_its_kind(session: Session, rule: Rule) -> None:
    """A webhook tells of records of one kind, and says itself that rules may call it."""
    webhook = session.get(Webhook, rule.webhook_id) if rule.webhook_id else None
    if webhook is not None and webhook.entity != rule.entity:
        raise RuleError(_("This webhook tells of another kind of record"), "webhook_id")
    if webhook is not None and not webhook.is_called_by_rules:
        raise RuleError(_("This webhook is not called by rules; its own page says so"), "webhook_id")


@form_rules.check(Rule, about=" ".join(versions.columns()))
def makes_a_version(session: Session, rule: Rule) -> None:
    """What it does from now on is another version; what it did stays with the one before."""
    versions.follow(session, rule, current().user_id)


sections.tab(Rule, "try", _("Dry run"), "/rule/try/{id}")


@screen()
class Trials(BaseView):
    """What a rule would have done lately."""

    route_base = "/rule/try"
    class_permission_name = "Rule"

    @expose("/<pk>")
    @has_access
    @permission_name("edit")
    def show(self, pk: str) -> Any:
        """The records that would have set it off, with what would have been done; nothing is stored."""
        rule = web_session().get(Rule, as_id(Rule, pk) or 0)
        if rule is None:
            return render_template("errors/404.html"), 404
        try:
            # it reads as its user
            need_rights_of(rule.user_id)
            found = trying.trial(rule)
        except RuleError as error:
            return render_template("generated/trial.html", problem=str(error))
        except runner.NobodyThere:
            return render_template("generated/trial.html", problem=codes.say("rule_stop", "owner"))
        counts = {"looked": found.looked_at, "met": found.met, "tried": len(found.tried)}
        told = gettext("Looked at: %(looked)s. Would have fired: %(met)s. Tried, and taken back: %(tried)s.", **counts)  # fmt: skip
        return render_template("generated/trial.html", told=told, table=_table(rule, found.tried))


def _table(rule: Rule, tried: list[trying.Tried]) -> Table:
    heads = [
        ("at", gettext("At")),
        ("record", gettext("Record")),
        ("done", gettext("What would have been done")),
    ]
    lines = [
        Row(one.row_id, None if one.is_gone else links.show_url(rule.entity, one.row_id), one.title,
            [Cell(plain("datetime", one.at) if one.at else "", "datetime"), Cell(one.title),
             Cell(one.problem, "text", colour="red", icon="alert-triangle") if one.problem else Cell(", ".join(one.done))])
        for one in tried
    ]  # fmt: skip
    return Table(
        gettext("Dry run"),
        [Col(key, label) for key, label in heads],
        lines,
        None,
        gettext("Nothing would have set it off."),
    )
