"""Choosing a channel by name, its settings, and the provider that only writes to the log."""

import logging

import pytest

from app.messaging.channels import (
    CHANNELS,
    Channel,
    ChannelError,
    DeliveryState,
    Message,
    Receipt,
    open_channel,
    overall,
)

SMPP = {"host": "127.0.0.1", "port": "2775", "system_id": "bank", "password": "pw", "source": "BANK"}


@pytest.fixture
def acme():
    class SmsAcme(Channel, name="acme"):
        def send(self, message):
            if message.to == "+0":
                raise ChannelError("no such number", permanent=True)
            return Receipt(message.reference, ("a1",), self.name)

    yield SmsAcme
    del CHANNELS["acme"]


def test_a_provider_is_one_class_found_by_its_name(acme):
    assert isinstance(open_channel("acme"), acme)


def test_a_provider_that_sends_one_at_a_time_also_sends_many(acme):
    good, bad = Message("1", "+380671112233", "Hello"), Message("2", "+0", "Hello")
    outcomes = dict(open_channel("acme").send_many([good, bad]))
    assert outcomes[good] == Receipt("1", ("a1",), "acme")
    assert outcomes[bad].is_permanent


def test_an_unknown_channel_is_named():
    with pytest.raises(ValueError, match="no channel 'pigeon'; known are: log, smpp"):
        open_channel("pigeon")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"port": "many"}, "Setting 'port' of channel smpp cannot be 'many'"),
        ({"tls": "perhaps"}, "Setting 'tls' of channel smpp cannot be 'perhaps'"),
        ({"host": ""}, "Channel smpp needs the setting 'host'"),
        ({"colour": "red"}, "Channel smpp has no setting 'colour'"),
    ],
)
def test_a_wrong_setting_is_named(change, words):
    with pytest.raises(ValueError, match=words):
        open_channel("smpp", SMPP | change)


def test_settings_have_their_own_types_and_hide_the_password():
    settings = open_channel("smpp", SMPP | {"tls": "yes", "rate": "12.5", "window": ""}).settings
    assert (settings.port, settings.tls, settings.rate, settings.window) == (2775, True, 12.5, 50)
    assert "pw" not in repr(settings)


def test_the_log_channel_takes_every_message_and_logs_nothing_personal(caplog):
    caplog.set_level(logging.INFO)
    receipt = open_channel("log").send(Message("out-1", "+380671112233", "ї" * 71))
    assert receipt == Receipt("out-1", ("log-out-1-1", "log-out-1-2"), "log")
    assert receipt.parts == 2
    assert "out-1" in caplog.text
    assert "380671112233" not in caplog.text
    assert list(open_channel("log").events()) == []


@pytest.mark.parametrize(
    "states, whole",
    [
        (["delivered", "delivered"], "delivered"),
        (["delivered", "pending"], "pending"),
        (["delivered", "failed"], "failed"),
        (["pending", "failed"], "failed"),
        ([], "pending"),
    ],
)
def test_a_message_is_delivered_when_all_parts_are_and_failed_when_one_is(states, whole):
    assert overall(map(DeliveryState, states)) == DeliveryState(whole)
