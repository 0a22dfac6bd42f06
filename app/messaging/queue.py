"""The night's messages: who is reminded of what today, by set-based statements with all rules of contact.

Candidates are staged as ids (who, which loan, which instalment, which template, when). Then one statement a
client and channel joins what the texts say and the gate asks, and inserts; a refused one is stored with its
reason, so that it can be seen why somebody heard nothing. A customer gets one message at a time of day: of
the oldest overdue loan. What was made before is never made again, whatever has changed meanwhile.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from flask_babel import lazy_gettext as _
from sqlalchemy import CursorResult, select, text
from sqlalchemy.orm import Session

from app.contact import gate_sql
from app.contact.gate_sql import columns, refusal_sql
from app.contact.packs import Way
from app.contact.phones import zones
from app.core import faults
from app.core.jobs import Record
from app.core.planning import by_hash
from app.messaging import own_words, queue_sql as sql
from app.messaging.calling import rules_of
from app.messaging.families import Family, families
from app.messaging.reasons import Reason
from app.messaging.wording import TemplateError, Words, compile_sql, missing_sql
from app.models.customers import Customer
from app.models.lending import Client
from app.models.messages import MessageTemplate, TemplateKind

AUTOMATIC = (TemplateKind.TIMED, TemplateKind.ADVANCE)


def queue(session: Session, day: date, record: Record) -> int:
    """Make the day's reminders of all clients. Returns how many messages were made, refused ones included.

    A template that cannot be used, a customer whose message cannot be made, and that no template is active, are
    told to `record`.
    """
    rows, active = 0, 0
    _run(session, sql.KNOWN_ZONES)
    _run(session, sql.ADD_KNOWN_ZONES, names=_known_zones(session))
    for client in session.scalars(select(Client).order_by(Client.id)):
        known = families(session, client, AUTOMATIC)
        active += len(known)
        words = own_words.of_texts(session, [one.text for family in known for one in family.members.values()])
        usable = [family for family in known if _is_usable(family, words, record)]
        if usable:
            rows += _of_client(session, client, usable, words, day, record)
    _run(session, "DROP TABLE known_zone")
    if not active:
        record.remark(_("no active reminder template: nothing to queue"))
    return rows


_zones: list[str] = []


def _known_zones(session: Session) -> list[str]:
    """The time zones that the database knows; asked once a process, for it opens a file for each of 600."""
    if not _zones:
        _zones.extend(session.scalars(text(gate_sql.KNOWN_ZONES)))
    return _zones


def _is_usable(family: Family, words: Words, record: Record) -> bool:
    try:
        for template in family.members.values():
            compile_sql(template.text, template.language, words)
        return bool(family.slots)
    except TemplateError as error:
        for each in error.problems:
            record.problem(family.name, each.sentence)
    except ValueError:
        told = _("Its sending times cannot be read: %(times)s", times=family.first.send_times)
        record.problem(family.name, told)
    return False


def _of_client(
    session: Session, client: Client, usable: Sequence[Family], words: Words, day: date, record: Record
) -> int:
    _run(session, sql.STAGE)
    _run(session, sql.ZONES)
    channels: dict[str, list[int]] = defaultdict(list)
    for place, family in enumerate(usable):
        _stage(session, family, place, client, day)
        if others := channels[family.channel]:
            with by_hash(session):
                _run(session, sql.ONLY_ONE, place=place, others=others)
        others.append(place)
    rows = 0
    for channel, places in channels.items():
        with by_hash(session):
            _run(session, sql.NOT_AGAIN, day=day, channel=channel, places=places)
        _run(session, "ANALYZE staged_message")
        _find_zones(session)
        mine = [usable[place] for place in places]
        rows += _insert(
            session, client, channel, mine, words, {"day": day, "channel": channel, "places": places}, record
        )
    _run(session, "DROP TABLE staged_message, staged_zones")
    return rows


def _stage(session: Session, family: Family, place: int, client: Client, day: date) -> None:
    """Put a family's candidates into the stage, each with the template of his language."""
    if family.kind == TemplateKind.TIMED:
        found, days = (
            sql.LATE,
            10**5 if family.first.max_days_overdue is None else family.first.max_days_overdue,
        )
    else:
        found, days = sql.COMING, family.first.days_before or 0
    arms = [
        f"WHEN :language{n} THEN {int(template.id)}" for n, template in enumerate(family.members.values())
    ]
    chosen = f"CASE c.language {' '.join(arms)} ELSE {int(family.fallback.id)} END"
    words = {f"language{n}": language for n, language in enumerate(family.members)}
    values = {"client": client.id, "day": day, "span": days, "place": place, "slots": family.slots}
    _run(session, sql.CANDIDATES.format(template=chosen, found=found), **values, **words)


def _find_zones(session: Session) -> None:
    """The time zones of the numbers of staged customers whose own zone is not known."""
    numbers = session.scalars(text(sql.UNKNOWN_ZONES)).all()
    if numbers:
        rows = [{"number": number, "zones": zones(number)} for number in numbers]
        _run(session, sql.ADD_ZONES, rows=json.dumps(rows))


def _insert(
    session: Session,
    client: Client,
    channel: str,
    own: Sequence[Family],
    known: Words,
    values: dict[str, Any],
    record: Record,
) -> int:
    templates = [template for family in own for template in family.members.values()]
    body, words = _body(templates, known)
    rules, way = rules_of(session, client), Way(channel)
    needed = columns(rules, way) - {"number", "at"}
    ways = ", ".join(f"'{each.value}'" for each in sorted(rules.pack.cap(way).ways))
    counted = {name: sql.COUNTED.format(days=days, ways=ways) for name, days in sql.SPANS.items()}
    facts = [f"{(sql.FACTS | counted)[name]} AS {name}" for name in sorted(needed)]
    statement = sql.INSERT.format(
        refusal=refusal_sql(rules, way, known_zones=sql.KNOWN_ZONE), body=body, missing=_missing(templates, known),
        missing_code=Reason.MISSING_VALUE.value, facts=", ".join(facts), some="{some}",
    )  # fmt: skip
    people = session.scalars(text("SELECT DISTINCT customer_id FROM staged_message ORDER BY 1")).all()

    def apply(some: Sequence[int]) -> int:
        if len(some) == len(people):
            return _run(session, statement.replace("{some}", ""), **values, **words)
        chosen = statement.replace("{some}", "AND s.customer_id = ANY(:some)")
        return _run(session, chosen, **values, **words, some=list(some))

    def tell(customer_id: int, reason: Any) -> None:
        record.problem(
            session.scalar(select(Customer.name).where(Customer.id == customer_id)), reason, id=customer_id
        )

    return faults.isolated(session, people, apply, tell)


def _body(templates: Sequence[MessageTemplate], known: Words) -> tuple[str, dict[str, str]]:
    """The text of a message as SQL, and its words as parameters."""
    arms, words = [], {}
    for template in templates:
        words[f"words{template.id}"], filled = compile_sql(template.text, template.language, known)
        call = ", ".join([f"CAST(:words{template.id} AS text)", *filled])
        arms.append(f"WHEN {int(template.id)} THEN format({call})")
    return f"CASE s.template_id {' '.join(arms)} END", words


def _missing(templates: Sequence[MessageTemplate], known: Words) -> str:
    arms = " ".join(f"WHEN {int(each.id)} THEN {missing_sql(each.text, known)}" for each in templates)
    return f"CASE s.template_id {arms} END"


def _run(session: Session, statement: str, **values: Any) -> int:
    done = session.execute(text(statement.replace(":day", "CAST(:day AS date)")), values)
    return int(cast("CursorResult[Any]", done).rowcount)
