"""Messages leave once, only while they are still right, and whatever happens to the process that sends them."""

import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core import clock, jobs, settings
from app.core.db import unscoped
from app.core.locks import Lock
from app.messaging import dispatch, receive
from app.messaging.channels import (
    ChannelError,
    DeliveryReport,
    DeliveryState,
    Inbound,
    UnknownOutcome,
    open_channel,
)
from app.messaging.channels.smpp_job import short_reference
from app.messaging.dispatch import release, send_due, serve
from app.models import Client, Customer, Loan, Message, Phone
from app.servicing.posting import post_repayment
from tests.messaging.outbox import DAY, Scripted, add_person, change, prepare, rows, states, wipe, zone_at


@pytest.fixture(autouse=True)
def _empty(database) -> None:
    wipe(database.superuser_url)


def setting(name: str, value: str) -> None:
    with unscoped("a test of sending") as session:
        settings.write(session, name, value)


def store(*events) -> None:
    with unscoped("a test of sending") as session:
        receive.store(session, "scripted", events)


def test_what_is_due_is_sent_and_the_providers_id_kept() -> None:
    ids = prepare(2)
    channel = Scripted()
    assert send_due(channel) == 2
    assert [(m.reference, m.to, m.text) for m in channel.sent] == [
        (str(ids[0]), "+380671000000", "Person 0: 1,010.00 is 5 days late."),
        (str(ids[1]), "+380671000001", "Person 1: 1,010.00 is 5 days late."),
    ]
    found = rows(
        Message.state, Message.provider, Message.provider_reference, Message.attempts, Message.sent_at
    )
    assert [(str(s), p, r, a) for s, p, r, a, _at in found] == [
        ("sent", "scripted", f"id-{number}", 1) for number in ids
    ]
    assert all(at is not None for *_, at in found)
    assert send_due(channel) == 0
    assert len(channel.sent) == 2


def test_the_log_channel_takes_everything() -> None:
    prepare(3)
    assert serve(open_channel("log"), 0) == 3
    assert states() == [("sent", None)] * 3


def test_what_is_not_due_yet_waits() -> None:
    prepare(send_times="20:00")
    assert send_due(Scripted()) == 0
    assert states() == [("queued", None)]


def test_nothing_leaves_while_sending_is_off() -> None:
    prepare()
    setting("send_messages", "no")
    assert send_due(Scripted()) == 0
    setting("send_messages", "yes")
    assert send_due(Scripted()) == 1


def test_who_has_paid_since_is_not_reminded() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        loan_id = session.scalars(select(Loan.id)).one()
        post_repayment(session, loan_id, Decimal(1010), DAY, source="cash", reference="1", business_on=DAY)
    channel = Scripted()
    assert send_due(channel) == 0
    assert (states(), channel.sent) == ([("cancelled", "paid_since")], [])


def test_who_paid_a_part_is_reminded_of_the_rest() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        loan_id = session.scalars(select(Loan.id)).one()
        post_repayment(session, loan_id, Decimal(500), DAY, source="cash", reference="1", business_on=DAY)
    channel = Scripted()
    send_due(channel)
    assert [m.text for m in channel.sent] == ["Person 0: 510.00 is 5 days late."]
    assert rows(Message.text) == [("Person 0: 510.00 is 5 days late.",)]


def test_who_asked_to_be_left_alone_since_is_refused() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        session.scalars(select(Customer)).one().is_do_not_contact = True
    assert send_due(Scripted()) == 0
    assert states() == [("refused", "do_not_contact")]


def test_a_number_that_died_since_is_not_used() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        session.scalars(select(Phone)).one().state = "dead"
    assert send_due(Scripted()) == 0
    assert states() == [("refused", "number_blocked")]


def test_at_a_wrong_hour_a_message_waits_and_after_its_day_it_is_missed() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        session.scalars(select(Customer)).one().zone = zone_at(3)
    before = rows(Message.send_after)
    assert send_due(Scripted()) == 0
    assert states() == [("queued", "outside_hours")]
    assert rows(Message.send_after) > before
    with unscoped("a test of sending") as session:
        clock.set_business_date(session, DAY + timedelta(days=1))
    change(send_after=before[0][0])
    assert send_due(Scripted()) == 0
    assert states() == [("missed", "day_over")]


def test_nobody_is_dunned_before_the_days_repayments_are_posted_if_so_wished() -> None:
    prepare()
    setting("dun_only_after_repayments", "yes")
    assert send_due(Scripted()) == 0
    with unscoped("a test of sending") as session:
        jobs.note(session, "repayments", str(session.scalars(select(Client.id)).one()), DAY, 0)
    assert send_due(Scripted()) == 1


def test_a_refusal_for_good_fails_and_a_passing_one_is_tried_again_later() -> None:
    prepare(2)
    errors = {0: ChannelError("no such number", permanent=True), 1: ChannelError("busy", permanent=False)}
    channel = Scripted(lambda m, times: errors[int(m.to[-1])] if times < 2 else Scripted().answer(m, times))
    send_due(channel)
    assert states() == [("failed", "provider_refused"), ("queued", None)]
    later = rows(Message.send_after, Message.provider)[1]
    assert later[1] is None
    assert send_due(channel) == 0
    change(send_after=later[0] - timedelta(hours=5))
    assert send_due(channel) == 1
    assert states()[1] == ("sent", None)


def test_it_is_not_tried_for_ever() -> None:
    prepare()
    channel = Scripted(lambda _m, _times: ChannelError("busy", permanent=False))
    due = rows(Message.send_after)[0][0]
    for _attempt in range(dispatch.MOST_ATTEMPTS):
        change(send_after=due)
        send_due(channel)
    assert states() == [("failed", "provider_failed")]
    assert len(channel.sent) == dispatch.MOST_ATTEMPTS


def test_an_unknown_outcome_is_kept_and_never_repeated_but_resolved_by_the_report() -> None:
    ids = prepare()
    channel = Scripted(lambda m, _t: UnknownOutcome("no answer", pending=(short_reference(m.reference, 0),)))
    send_due(channel)
    send_due(channel)
    assert (states(), len(channel.sent)) == ([("unknown", "no_answer")], 1)
    told = {"state": DeliveryState.DELIVERED, "code": "DELIVRD", "error": "000", "number": "380671000000"}
    store(DeliveryReport("m9", short_reference=short_reference("somebody else's", 0), **told))
    assert states() == [("unknown", "no_answer")]
    store(DeliveryReport("m9", short_reference=short_reference(str(ids[0]), 0), **told))
    assert states() == [("delivered", None)]
    assert rows(Message.provider_reference) == [("m9",)]


def test_delivery_reports_decide_part_by_part_and_may_come_twice() -> None:
    prepare(words="{customer_name}: " + "слово " * 20)
    channel = Scripted()
    channel.answer = lambda m, _t: Scripted().answer(m, 1).__class__(m.reference, ("a", "b", "c"), "scripted")
    send_due(channel)
    assert rows(Message.provider_reference) == [("a b c",)]
    for part in "aabb":
        store(DeliveryReport(part, DeliveryState.DELIVERED, "DELIVRD", "000", "380671000000"))
    assert states() == [("sent", None)]
    assert len(rows(Message.receipts)[0][0]) == 2
    store(DeliveryReport("c", DeliveryState.DELIVERED, "DELIVRD", "000", "380671000000"))
    assert states() == [("delivered", None)]


def test_a_part_that_failed_fails_the_message_and_a_foreign_report_changes_nothing() -> None:
    prepare(2)
    channel = Scripted()
    send_due(channel)
    store(DeliveryReport("nobody's", DeliveryState.FAILED, "UNDELIV", "001", "380671000000"))
    assert states() == [("sent", None)] * 2
    number = rows(Message.id)[0][0]
    store(DeliveryReport(f"id-{number}", DeliveryState.FAILED, "UNDELIV", "001", "380671000000"))
    assert states() == [("failed", "undelivered"), ("sent", None)]


def test_a_report_that_is_quicker_than_the_answer_stands() -> None:
    ids = prepare()

    def answer(message, times):
        reference = short_reference(message.reference, 0)
        store(
            DeliveryReport(
                f"id-{ids[0]}", DeliveryState.DELIVERED, "DELIVRD", "000", "380671000000", reference
            )
        )
        return Scripted().answer(message, times)

    send_due(Scripted(answer))
    assert states() == [("delivered", None)]
    assert rows(Message.provider_reference) == [(f"id-{ids[0]}",)]


def test_what_people_write_is_kept_once_and_belongs_to_whom_we_wrote() -> None:
    prepare()
    send_due(Scripted())
    add_person("Shares the number", "+380671000000")
    store(Inbound("380671000000", "BANK", "I paid"), Inbound("380671000000", "BANK", "I paid"))
    store(Inbound("380999999999", "BANK", "Who are you?"))
    with unscoped("a test of sending") as session:
        found = session.scalars(select(Message).where(Message.is_inbound).order_by(Message.id)).all()
        assert [(m.text, str(m.state), m.phone) for m in found] == [
            ("I paid", "received", "+380671000000"),
            ("Who are you?", "received", "+380999999999"),
        ]
        assert [m.customer and m.customer.name for m in found] == ["Person 0", None]
        assert found[0].loan_id is not None


def test_the_parts_of_a_long_text_become_one_message_in_any_order() -> None:
    prepare()
    for part, words in [(2, "world"), (1, "hello "), (2, "world")]:
        store(Inbound("380671000000", "BANK", words, part=part, parts=2, group=7))
    assert [text for text, is_in in rows(Message.text, Message.is_inbound) if is_in] == ["hello world"]


def test_many_senders_at_once_send_every_message_once() -> None:
    ids = prepare(120)
    channels = [Scripted() for _n in range(4)]
    threads = [threading.Thread(target=send_due, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(m.reference for channel in channels for m in channel.sent)
    assert counted == Counter(str(number) for number in ids)
    assert states() == [("sent", None)] * 120


def test_only_one_process_serves_a_way_of_sending() -> None:
    prepare()
    with unscoped("a test of sending") as session:
        session.execute(select(func.pg_advisory_xact_lock(Lock.JOB, func.hashtext("send sms"))))
        assert serve(Scripted(), 0) == 0
    assert serve(Scripted(), 0) == 1


def test_what_a_dead_process_had_claimed_is_sent_if_it_surely_had_not_left() -> None:
    prepare(2)
    _found, ready = dispatch.claim("sms")
    assert [str(state) for (state,) in rows(Message.state)] == ["sending"] * 2
    marked = dispatch._marked("scripted", ready[:1])
    next(marked)
    assert release(timedelta(hours=1)) == 0
    assert release(timedelta(0)) == 2
    assert states() == [("unknown", "sender_lost"), ("queued", None)]
    channel = Scripted()
    assert send_due(channel) == 1
    assert [m.reference for m in channel.sent] == [str(ready[1].id)]


def test_a_slow_process_does_not_send_what_was_given_to_another() -> None:
    prepare(2)
    _found, slow = dispatch.claim("sms")
    release(timedelta(0))
    channel = Scripted()
    assert send_due(channel) == 2
    assert list(dispatch._marked("scripted", slow)) == []
    assert len(channel.sent) == 2
