"""Deliveries as providers write them, which is not always as the specification says."""

from datetime import datetime

import pytest
import smpp34

from app.messaging.channels import DeliveryReport, DeliveryState, Inbound, smpp_pdu as pdu


def arrived(text=b"", esm=4, coding=0, tlvs=(), source="380671112233"):
    """What the channel hands over when such a delivery has come in."""
    tlvs = [smpp34.Tlv(tag, value) for tag, value in tlvs]
    raw = smpp34.DeliverSm(source, "7777", text, esm_class=esm, data_coding=coding, tlvs=tlvs).encode()
    (unit,) = pdu.units(bytearray(raw))
    return pdu.event(unit)


def test_a_report_of_the_usual_text_is_read():
    dates = b"submit date:1806251159 done date:180625120130"
    text = b"id:0a-7 sub:001 dlvrd:000 " + dates + b" stat:UNDELIV err:0FF text:Pay"
    assert arrived(text) == DeliveryReport(
        "0a-7",
        DeliveryState.FAILED,
        "UNDELIV",
        "0FF",
        "+380671112233",
        None,
        datetime.fromisoformat("2018-06-25T12:01:30"),
    )


@pytest.mark.parametrize(
    "stat, state",
    [
        ("DELIVRD", DeliveryState.DELIVERED),
        ("EXPIRED", DeliveryState.FAILED),
        ("DELETED", DeliveryState.FAILED),
        ("REJECTD", DeliveryState.FAILED),
        ("ENROUTE", DeliveryState.PENDING),
        ("ACCEPTD", DeliveryState.PENDING),
        ("UNKNOWN", DeliveryState.PENDING),
    ],
)
def test_each_word_of_a_report_has_its_state(stat, state):
    assert arrived(f"ID: 77 STAT: {stat} ERR: 000".encode()).state is state


def test_a_report_may_be_told_by_parameters_alone():
    report = arrived(tlvs=[(0x001E, b"m-9\0"), (0x0427, b"\x05"), (0x0204, b"\x12\x34")])
    assert (report.provider_id, report.state, report.code) == ("m-9", DeliveryState.FAILED, "UNDELIV")
    assert (report.short_reference, report.at) == (0x1234, None)


def test_an_intermediate_notice_is_a_report_that_settles_nothing():
    assert arrived(b"id:5 stat:ENROUTE err:000", esm=0x20).state is DeliveryState.PENDING


def test_a_date_that_is_none_is_left_out():
    assert arrived(b"id:5 done date:1813991299 stat:DELIVRD").at is None


def test_an_acknowledgement_by_the_handset_is_neither_report_nor_text():
    assert arrived(b"seen", esm=0x08) is None


def test_a_long_text_may_come_as_a_parameter_and_in_numbered_parts():
    parameters = [
        (0x0424, "Дякую".encode("utf-16-be")),
        (0x020C, b"\x01\x02"),
        (0x020E, b"\x03"),
        (0x020F, b"\x02"),
    ]
    assert arrived(esm=0, coding=8, tlvs=parameters) == Inbound("+380671112233", "7777", "Дякую", 2, 3, 258)


def test_a_joining_header_may_be_long_or_about_something_else():
    long = bytes([6, 8, 4, 1, 2, 3, 2]) + b"Yes"
    assert arrived(long, esm=0x40) == Inbound("+380671112233", "7777", "Yes", 2, 3, 258)
    ports = bytes([6, 5, 4, 0, 1, 0, 2]) + b"Yes"
    assert arrived(ports, esm=0x40) == Inbound("+380671112233", "7777", "Yes")


@pytest.mark.parametrize(
    "source, number", [("+380671112233", "+380671112233"), ("7777", "7777"), ("Bank", "Bank")]
)
def test_short_codes_and_names_are_no_telephone_numbers(source, number):
    assert arrived(b"Hello", esm=0, source=source).number == number


def test_units_are_taken_whole_however_they_arrive():
    stream = pdu.unit(pdu.ENQUIRE_LINK, 1) + pdu.unit(pdu.SUBMIT_SM | pdu.RESPONSE, 2, body=b"m1\0")
    buffer, found = bytearray(), []
    for byte in stream:
        buffer.append(byte)
        found += pdu.units(buffer)
    assert [(each.sequence, each.text_id) for each in found] == [(1, ""), (2, "m1")]
    assert not buffer


@pytest.mark.parametrize("length", [0, 15, 65537])
def test_a_length_that_cannot_be_ends_the_connection(length):
    with pytest.raises(pdu.BadUnit, match=f"a unit of {length} bytes"):
        pdu.units(bytearray(length.to_bytes(4, "big") + bytes(12)))
