"""The SMPP channel against an independent SMSC (npm's smpp): what it received, not what we think we sent."""

import itertools
import subprocess
import time
from collections import Counter

import pytest

from app.messaging.channels import (
    ChannelError,
    DeliveryState,
    Inbound,
    Message,
    Receipt,
    UnknownOutcome,
    overall,
)
from app.messaging.channels.smpp_job import short_reference


def messages(count, text="Please pay 250.00 by 25 Jun."):
    return [Message(f"out-{n}", f"+38067{n:07}", text) for n in range(count)]


def events_of(channel, count, seconds=5.0):
    """At least so many events, as one list."""
    found = []
    for batch in channel.events(seconds):
        found += batch
        if len(found) >= count:
            break
    return found


def outcomes_by_kind(outcomes):
    return {
        kind: [m for m, o in outcomes if isinstance(o, kind)]
        for kind in (Receipt, ChannelError, UnknownOutcome)
    }


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


def test_an_smsc_killed_in_a_full_window_leaves_every_message_exactly_classified(start_smsc, open_smpp):
    smsc = start_smsc(dieAfter=120, answerDelay=20)
    outcomes = list(open_smpp(smsc, window=30, reconnect_for=0.5).send_many(messages(300)))
    kinds = outcomes_by_kind(outcomes)
    received = {entry["to"] for entry in smsc.taken()}
    assert sum(map(len, kinds.values())) == 300
    assert len(received) == 120
    assert {m.to[1:] for m in kinds[Receipt]} <= received
    assert not {m.to[1:] for m in kinds[ChannelError]} & received
    assert received <= {m.to[1:] for m in kinds[Receipt] + kinds[UnknownOutcome]}
    assert 0 < len(kinds[UnknownOutcome]) <= 30
    assert all(not o.is_permanent for _, o in outcomes if isinstance(o, ChannelError))


def test_an_smsc_that_comes_back_gets_the_rest_and_nothing_twice(start_smsc, open_smpp):
    smsc = start_smsc(dieAfter=50, answerDelay=20)
    channel = open_smpp(smsc, window=20, reconnect_for=20)
    sending = channel.send_many(messages(200))
    outcomes = list(itertools.islice(sending, 40))
    smsc.again()
    outcomes += sending
    kinds = outcomes_by_kind(outcomes)
    received = Counter(entry["to"] for entry in smsc.taken())
    assert max(received.values()) == 1
    assert kinds[ChannelError] == []
    assert len(outcomes) == 200
    assert {m.to[1:] for m in kinds[Receipt]} <= set(received)
    assert len(kinds[UnknownOutcome]) <= 20


def test_an_unknown_outcome_is_resolved_by_the_report_that_carries_our_reference(start_smsc, open_smpp):
    smsc = start_smsc(muteAfter=1, receipt={"byReference": True, "delay": 900})
    channel = open_smpp(smsc, answer_wait=0.3)
    with pytest.raises(UnknownOutcome, match=r"no answer within 0.3 seconds") as caught:
        channel.send(Message("out-77", "+380671112233", "Hello"))
    (report,) = events_of(channel, 1)
    assert (report.short_reference, report.number) == (caught.value.pending[0], "+380671112233")
    assert report.state is DeliveryState.DELIVERED
    assert len(smsc.taken()) == 1


def test_a_long_message_whose_end_was_lost_is_unknown_and_names_what_was_taken(start_smsc, open_smpp):
    smsc = start_smsc(muteAfter=2)
    channel = open_smpp(smsc, answer_wait=0.3, window=1)
    with pytest.raises(UnknownOutcome) as caught:
        channel.send(Message("out-1", "+380671112233", "ї" * 120))
    assert caught.value.provider_ids == ("m1",)
    assert caught.value.pending == (short_reference("out-1", 1),)
    assert len(smsc.taken()) == 2


def test_a_wrong_password_is_told_at_once_and_blames_no_message(start_smsc, open_smpp):
    with pytest.raises(ChannelError, match="invalid password") as caught:
        open_smpp(start_smsc(password="other"), reconnect_for=60).send(
            Message("out-1", "+380671112233", "Hello")
        )
    assert not caught.value.is_permanent


def test_an_smsc_that_is_not_there_is_given_up_after_a_while(start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc, reconnect_for=0.3)
    smsc.stop()
    outcomes = dict(channel.send_many(messages(200)))
    assert len(outcomes) == 200
    assert all(isinstance(o, ChannelError) and not o.is_permanent for o in outcomes.values())
    assert "cannot connect" in next(iter(outcomes.values())).reason


def test_a_cut_connection_is_made_again_for_the_next_message(start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc)
    channel.send(messages(1)[0])
    smsc.order(drop=True)
    list(channel.events(0.3))
    assert channel.send(Message("out-2", "+380671112233", "Hello")).provider_ids == ("m2",)
    assert len(smsc.journal("bound")) == 2


def test_keep_alive_goes_both_ways(start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc, silence=0.2)
    list(channel.events(0.1))
    smsc.order(enquire=True)
    list(channel.events(0.8))
    assert smsc.journal("alive")
    assert smsc.journal("enquired")


def test_a_silent_connection_must_answer_before_it_is_trusted_with_messages(start_smsc, open_smpp):
    smsc = start_smsc()
    channel = open_smpp(smsc, silence=0.1)
    channel.send(messages(1)[0])
    for _ in range(3):
        time.sleep(0.15)
        channel.send(messages(1)[0])
    order = [next(iter(entry)) for entry in smsc.journal() if "enquired" in entry or "id" in entry]
    assert order == ["id", "enquired", "id", "enquired", "id", "enquired", "id"]


def test_leaving_unbinds(start_smsc, open_smpp):
    smsc = start_smsc()
    with open_smpp(smsc) as channel:
        channel.send(messages(1)[0])
    assert smsc.journal("unbound")


@pytest.fixture
def certificate(tmp_path):
    """A key and a certificate of this machine, signed by itself."""
    key, cert = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return {"key": key, "cert": cert}


def test_over_tls_everything_arrives_and_comes_back(certificate, start_smsc, open_smpp):
    smsc = start_smsc(tls=certificate, receipt={})
    channel = open_smpp(smsc, tls="yes", ca_file=certificate["cert"])
    outcomes = list(channel.send_many(messages(300, text="ї" * 150)))
    assert all(isinstance(outcome, Receipt) for _, outcome in outcomes)
    assert len(smsc.taken()) == 900
    assert len(events_of(channel, 900)) == 900


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate, start_smsc, open_smpp):
    smsc = start_smsc(tls=certificate)
    with pytest.raises(ChannelError, match="certificate verify failed"):
        open_smpp(smsc, tls="yes", reconnect_for=0.2).send(messages(1)[0])
    assert smsc.taken() == []


def test_an_smsc_killed_under_tls_leaves_nothing_sent_called_unsent(certificate, start_smsc, open_smpp):
    smsc = start_smsc(tls=certificate, dieAfter=60, answerDelay=20)
    channel = open_smpp(smsc, tls="yes", ca_file=certificate["cert"], window=30, reconnect_for=0.3)
    kinds = outcomes_by_kind(list(channel.send_many(messages(150))))
    received = {entry["to"] for entry in smsc.taken()}
    assert {m.to[1:] for m in kinds[Receipt]} <= received
    assert not {m.to[1:] for m in kinds[ChannelError]} & received
