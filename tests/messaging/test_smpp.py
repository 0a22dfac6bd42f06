"""The SMPP channel against an independent SMSC (npm's smpp): what it received, not what we think we sent."""

from collections import Counter

import pytest

from app.messaging.channels import (
    ChannelError,
    DeliveryState,
    Inbound,
    Message,
    Receipt,
    overall,
)
from app.messaging.channels.smpp_job import short_reference
from tests.messaging.wire import events_of, messages


def test_a_message_arrives_with_its_number_sender_and_text(start_smsc, open_smpp):
    smsc = start_smsc()
    receipt = open_smpp(smsc).send(Message("out-1", "+380671112233", "Pay 5 € [today]"))
    assert receipt == Receipt("out-1", ("m1",), "smpp")
    (taken,) = smsc.taken()
    assert (taken["to"], taken["from"], taken["text"]) == ("380671112233", "BANK", "Pay 5 € [today]")
    assert (taken["coding"], taken["esm"], taken["registered"]) == (0, 0, 1)
    assert taken["reference"] == short_reference("out-1", 0)


def test_many_messages_arrive_once_each(start_smsc, open_smpp):
    smsc = start_smsc()
    outcomes = list(open_smpp(smsc).send_many(messages(500)))
    assert len({m.reference for m, o in outcomes if isinstance(o, Receipt)}) == 500
    assert Counter(entry["to"] for entry in smsc.taken()) == Counter(m.to[1:] for m in messages(500))
    by_id = {entry["id"]: entry["to"] for entry in smsc.taken()}
    assert all(by_id[outcome.provider_ids[0]] == message.to[1:] for message, outcome in outcomes)


LONG = {
    "uk": "Шановна Оксано Їжакевич, за договором №UA-77/18 прострочено 1 234,56 грн, ґрунт: 12 днів. " * 3,
    "zh": "尊敬的王小明先生，您的贷款合同GS-2018-0077已逾期12天，应还本息合计人民币1,234.56元，请尽快还款。"
    * 3,
    "emoji": "😀" * 90,
    "escaped": "a" + "€" * 170,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_is_joined_again_from_its_parts(name, start_smsc, open_smpp):
    smsc = start_smsc()
    receipt = open_smpp(smsc).send(Message("out-1", "+8613800138000", LONG[name]))
    taken = smsc.taken()
    assert "".join(part["text"] for part in taken) == LONG[name]
    assert receipt.provider_ids == tuple(part["id"] for part in taken)
    group = taken[0]["header"][4:6]
    assert [part["header"] for part in taken] == [
        f"0003{group}{len(taken):02x}{n:02x}" for n in range(1, len(taken) + 1)
    ]
    assert {(part["coding"], part["esm"]) for part in taken} == {(0 if name == "escaped" else 8, 0x40)}
    assert len({part["reference"] for part in taken}) == len(taken)


def test_a_throttling_smsc_gets_every_message_once_and_slower(start_smsc, open_smpp):
    smsc = start_smsc(tps=40)
    outcomes = list(open_smpp(smsc).send_many(messages(100)))
    assert all(isinstance(outcome, Receipt) for _, outcome in outcomes)
    assert len(smsc.journal("refused")) > 0
    assert max(Counter(entry["to"] for entry in smsc.taken()).values()) == 1
    assert len(smsc.taken()) == 100


def test_a_full_queue_is_waited_for(start_smsc, open_smpp):
    smsc = start_smsc(tps=5, full=True)
    outcomes = list(open_smpp(smsc, window=2).send_many(messages(8)))
    assert all(isinstance(outcome, Receipt) for _, outcome in outcomes)
    assert {entry["status"] for entry in smsc.journal("refused")} == {0x14}


def test_endless_throttling_is_a_passing_error(start_smsc, open_smpp):
    smsc = start_smsc(refuse={"380671112233": 0x58})
    with pytest.raises(ChannelError, match="throttled") as caught:
        open_smpp(smsc, throttled_for=0.5).send(Message("out-1", "+380671112233", "Hello"))
    assert not caught.value.is_permanent


def test_our_own_rate_keeps_below_the_limit_of_the_smsc(start_smsc, open_smpp):
    smsc = start_smsc(tps=60)
    outcomes = list(open_smpp(smsc, rate=40).send_many(messages(60)))
    assert all(isinstance(outcome, Receipt) for _, outcome in outcomes)
    assert smsc.journal("refused") == []


def test_a_number_that_does_not_exist_is_a_lasting_error_of_that_message_only(start_smsc, open_smpp):
    smsc = start_smsc(refuse={"380670000001": 0x0B})
    outcomes = dict(open_smpp(smsc).send_many(messages(3)))
    bad = outcomes[messages(3)[1]]
    assert isinstance(bad, ChannelError)
    assert bad.is_permanent
    assert "invalid destination number" in bad.reason
    assert len(smsc.taken()) == 2


def test_what_is_no_number_never_reaches_the_wire(start_smsc, open_smpp):
    smsc = start_smsc()
    with pytest.raises(ChannelError, match="no telephone number"):
        open_smpp(smsc).send(Message("out-1", "Oksana", "Hello"))
    assert smsc.journal() == []


def test_reports_tell_delivered_and_not_delivered(start_smsc, open_smpp):
    smsc = start_smsc(receipt={"stat": "DELIVRD", "err": "027"}, failing={"380670000001": "UNDELIV"})
    channel = open_smpp(smsc)
    sent = dict(channel.send_many(messages(3)))
    reports = {report.provider_id: report for report in events_of(channel, 3)}
    states = {m.to: reports[receipt.provider_ids[0]].state for m, receipt in sent.items()}
    assert states == {
        "+380670000000": DeliveryState.DELIVERED,
        "+380670000001": DeliveryState.FAILED,
        "+380670000002": DeliveryState.DELIVERED,
    }
    failed = next(report for report in reports.values() if report.state is DeliveryState.FAILED)
    assert (failed.code, failed.error, failed.number) == ("UNDELIV", "027", "+380670000001")
    assert str(failed.at) == "2026-11-21 12:01:00"


def test_a_long_message_is_delivered_when_all_of_its_parts_are(start_smsc, open_smpp):
    smsc = start_smsc(receipt={"delay": 1})
    channel = open_smpp(smsc)
    receipt = channel.send(Message("out-1", "+380671112233", LONG["uk"]))
    assert receipt.parts > 1
    states = dict.fromkeys(receipt.provider_ids, DeliveryState.PENDING)
    seen = []
    for report in events_of(channel, receipt.parts):
        states[report.provider_id] = report.state
        seen.append(overall(states.values()))
    assert seen == [DeliveryState.PENDING] * (receipt.parts - 1) + [DeliveryState.DELIVERED]


def test_ids_given_in_hexadecimal_are_matched_to_reports_in_decimal(start_smsc, open_smpp):
    smsc = start_smsc(hexIds=True, receipt={})
    channel = open_smpp(smsc, hex_ids=True)
    receipt = channel.send(Message("out-1", "+380671112233", "Hello"))
    (report,) = events_of(channel, 1)
    assert report.provider_id == receipt.provider_ids[0]


def test_a_report_is_acknowledged_only_after_the_caller_has_stored_it(start_smsc, open_smpp):
    smsc = start_smsc(receipt={})
    channel = open_smpp(smsc)
    channel.send(Message("out-1", "+380671112233", "Hello"))
    batches = channel.events(2)
    next(batches)
    assert smsc.journal("acknowledged") == []
    assert next(batches, None) is None
    smsc.wait_for(lambda smsc: smsc.journal("acknowledged"))
    assert smsc.journal("acknowledged") == [{"acknowledged": "report m1", "status": 0}]


def test_a_caller_that_fails_to_store_acknowledges_nothing(start_smsc, open_smpp):
    smsc = start_smsc(receipt={})
    channel = open_smpp(smsc)
    channel.send(Message("out-1", "+380671112233", "Hello"))
    for _batch in channel.events(2):
        break
    channel.close()
    smsc.wait_for(lambda smsc: smsc.journal("unbound"))
    assert smsc.journal("acknowledged") == []


@pytest.mark.parametrize("coding, text", [(8, "СТОП 你好 😀"), (0, "Stop {now} €"), (3, "déjà payé")])
def test_what_people_write_is_read_in_their_alphabet(coding, text, start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc)
    list(channel.events())
    smsc.wait_for(lambda smsc: smsc.journal("bound"))
    smsc.order(inbound={"from": "380671112233", "to": "7777", "text": text, "coding": coding})
    assert events_of(channel, 1) == [Inbound("+380671112233", "7777", text)]


def test_a_long_text_from_a_person_keeps_its_place_among_its_parts(start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc)
    list(channel.events())
    smsc.wait_for(lambda smsc: smsc.journal("bound"))
    for number, text in ((1, "Заплачу "), (2, "завтра")):
        udh = f"0500032a02{number:02x}"
        smsc.order(inbound={"from": "380671112233", "to": "7777", "text": text, "coding": 8, "udh": udh})
    assert events_of(channel, 2) == [
        Inbound("+380671112233", "7777", "Заплачу ", 1, 2, 42),
        Inbound("+380671112233", "7777", "завтра", 2, 2, 42),
    ]
