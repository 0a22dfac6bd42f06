"""What holds for typed message templates, and how they read."""

from __future__ import annotations

from datetime import time
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes, form_rules
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.sections import section
from app.messaging import own_words, wording
from app.messaging.reasons import Reason
from app.messaging.segments import segments
from app.models.messages import Channel, MessageTemplate, TemplateKind

codes.add("contact_reason", {str(each.value): each.label for each in Reason})


@form_rules.check(MessageTemplate)
def text_can_be_filled(session: Session, template: MessageTemplate) -> None:
    """Every placeholder is known and every brace has its other half."""
    own_words.hold(session, template.text)
    words = own_words.of_texts(session, [template.text])
    problems = wording.check(template.text, words=words)
    if problems:
        raise RuleError(" ".join(str(each.sentence) for each in problems), "text")
    if template.channel == Channel.SMS:
        try:
            segments(wording.preview(template.text, template.language, words))
        except ValueError as error:
            raise RuleError(_("The text is too long for one SMS of any number of parts"), "text") from error


@form_rules.check(MessageTemplate)
def times_are_of_a_day(_session: Session, template: MessageTemplate) -> None:
    """Sending times are kept as HH:MM, in order, each once."""
    found = set()
    for word in (template.send_times or "").replace(",", " ").split():
        try:
            found.add(time.fromisoformat(word.zfill(5)).strftime("%H:%M"))
        except ValueError as error:
            raise RuleError(
                _("%(word)s is no time of day; write times as 09:00 18:30", word=word), "send_times"
            ) from error
    template.send_times = " ".join(sorted(found)) or None


@form_rules.check(MessageTemplate)
def days_are_said(_session: Session, template: MessageTemplate) -> None:
    """What the night needs to know of a template of its kind."""
    form_rules.at_least(template, days_before=0, max_days_overdue=1)
    if template.kind == TemplateKind.ADVANCE and template.days_before is None:
        raise RuleError(_("Say how many days before the due date"), "days_before")
    if template.kind == TemplateKind.TIMED and template.max_days_overdue is None:
        raise RuleError(_("Say up to how many days past due"), "max_days_overdue")


@section(MessageTemplate, _("Preview"))
def preview(template: MessageTemplate) -> list[tuple[Any, str]]:
    """The text with sample values in its language, and how many short messages that is."""
    try:
        words = own_words.of_texts(web_session(), [template.text])
        text = wording.preview(template.text, template.language, words)
        cut = segments(text)
    except wording.TemplateError as error:
        return [(_("Not usable"), " ".join(str(each.sentence) for each in error.problems))]
    except ValueError as error:
        return [(_("Not usable"), str(error))]
    length = gettext("%(units)s characters, %(left)s more fit in", units=cut.units, left=cut.left)
    parts = (
        [(_("Short messages"), str(cut.count)), (_("Length"), length)]
        if template.channel == Channel.SMS
        else []
    )
    return [(_("With sample values"), text), *parts]
