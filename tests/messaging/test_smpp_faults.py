"""The SMPP channel while its message centre dies, cuts the line, or is not whom it says it is."""

import itertools
import subprocess
import time
from collections import Counter

import pytest

from app.messaging.channels import (
    ChannelError,
    DeliveryState,
    Message,
    Receipt,
    UnknownOutcome,
)
from app.messaging.channels.smpp_job import short_reference
from tests.messaging.wire import events_of, messages, outcomes_by_kind


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
