"""The SMPP 3.4 units that the channel builds and reads (document "SMPP Protocol Specification v3.4", 1999).

Submissions and deliveries are coded by the smpp34 library; here are the bind, the bare units, the meaning
of a delivery report and of what a person wrote.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime

import smpp34

from app.messaging.channels.base import DeliveryReport, DeliveryState, Event, Inbound
from app.messaging.segments import decode_gsm7

GENERIC_NACK = 0x80000000
BIND_TRANSCEIVER = 0x00000009
SUBMIT_SM = 0x00000004
DELIVER_SM = 0x00000005
UNBIND = 0x00000006
ENQUIRE_LINK = 0x00000015
RESPONSE = 0x80000000

RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SAR_TAGS = SAR_GROUP, SAR_TOTAL, SAR_NUMBER = 0x020C, 0x020E, 0x020F
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427

OK = 0x00
SYSTEM_ERROR = 0x08
ALREADY_BOUND = 0x05
INVALID_COMMAND = 0x03
QUEUE_FULL = 0x14
THROTTLED = 0x58
TOO_FAST = frozenset({QUEUE_FULL, THROTTLED})
TEMPORARY = TOO_FAST | {SYSTEM_ERROR, 0x45, 0x64, 0xFE}
"""System error, submit failed, temporary application error, delivery failure: another try may succeed."""

STATUS_WORDS = {
    0x01: "message too long", 0x05: "already bound", 0x08: "system error", 0x0A: "invalid source address",
    0x0B: "invalid destination number", 0x0D: "bind failed", 0x0E: "invalid password",
    0x0F: "invalid system id", 0x14: "message queue full", 0x45: "submission failed", 0x58: "throttled",
    0x64: "temporary application error", 0x65: "permanent application error", 0x66: "rejected",
}  # fmt: skip

_HEADER = struct.Struct(">IIII")
_LARGEST = 65536
_INTERFACE_VERSION = 0x34
_DELIVERY_RECEIPT = 0x04
_INTERMEDIATE = 0x20
_HAS_HEADER = 0x40
_SHORT_DATE, _LONG_DATE = 10, 12


class BadUnit(Exception):
    """What arrived is not SMPP; the connection cannot be trusted any further."""


@dataclass(frozen=True)
class Unit:
    """One unit as it arrived: the four numbers of its header and all of its bytes."""

    command: int
    status: int
    sequence: int
    raw: bytes

    @property
    def text_id(self) -> str:
        """The message id in the answer to a submission."""
        return self.raw[_HEADER.size :].split(b"\0", 1)[0].decode("latin-1")


def unit(command: int, sequence: int, status: int = OK, body: bytes = b"") -> bytes:
    """The bytes of a unit whose body is ready."""
    return _HEADER.pack(_HEADER.size + len(body), command, status, sequence) + body


def bind(sequence: int, system_id: str, password: str, system_type: str) -> bytes:
    """The bytes of a request to send and receive over this connection."""
    words = b"".join(word.encode("latin-1") + b"\0" for word in (system_id, password, system_type))
    return unit(BIND_TRANSCEIVER, sequence, body=words + bytes([_INTERFACE_VERSION, 0, 0, 0]))


def units(buffer: bytearray) -> list[Unit]:
    """Take every complete unit off the front of the buffer."""
    found, at = [], 0
    while len(buffer) - at >= _HEADER.size:
        length, command, status, sequence = _HEADER.unpack_from(buffer, at)
        if not _HEADER.size <= length <= _LARGEST:
            raise BadUnit(f"a unit of {length} bytes")
        if len(buffer) - at < length:
            break
        found.append(Unit(command, status, sequence, bytes(buffer[at : at + length])))
        at += length
    del buffer[:at]
    return found


def refusal(status: int) -> str:
    """The provider's status in words and as its number."""
    return f"{STATUS_WORDS.get(status, 'refused')} (0x{status:08X})"


def event(arrived: Unit) -> Event | None:
    """What a delivery means: a report on one of ours, or something a person wrote; None for neither.

    Raises smpp34.SmppError when it cannot be read.
    """
    delivery = smpp34.decode(arrived.raw)
    if not isinstance(delivery, smpp34.DeliverSm):
        return None
    kind = delivery.esm_class & 0x3C
    if kind in {_DELIVERY_RECEIPT, _INTERMEDIATE}:
        return _report(delivery)
    return None if kind else _inbound(delivery)


_STATES = {
    "DELIVRD": DeliveryState.DELIVERED, "EXPIRED": DeliveryState.FAILED, "DELETED": DeliveryState.FAILED,
    "UNDELIV": DeliveryState.FAILED, "REJECTD": DeliveryState.FAILED,
}  # fmt: skip
_STATE_CODES = ("", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD")
_WORDS = {
    "id": re.compile(r"\bid:\s*(\S+)", re.IGNORECASE),
    "stat": re.compile(r"\bstat:\s*(\w+)", re.IGNORECASE),
    "err": re.compile(r"\berr:\s*(\w+)", re.IGNORECASE),
    "done": re.compile(r"\bdone date:\s*(\d{10,12})", re.IGNORECASE),
}


def _report(delivery: smpp34.DeliverSm) -> DeliveryReport:
    tlvs = {tlv.tag: tlv for tlv in delivery.tlvs}
    text = delivery.short_message.decode("latin-1")
    words = {name: found[1] if (found := word.search(text)) else "" for name, word in _WORDS.items()}
    if (stated := tlvs.get(RECEIPTED_MESSAGE_ID)) is not None:
        words["id"] = stated.as_string() or words["id"]
    code = words["stat"].upper()[:7]
    if not code and (stated := tlvs.get(MESSAGE_STATE)) is not None:
        state = stated.as_int() or 0
        code = _STATE_CODES[state] if state < len(_STATE_CODES) else ""
    short = tlvs.get(USER_MESSAGE_REFERENCE)
    return DeliveryReport(
        provider_id=words["id"],
        state=_STATES.get(code, DeliveryState.PENDING),
        code=code,
        error=words["err"],
        number=_number(delivery.source_addr),
        short_reference=None if short is None else short.as_int(),
        at=_done(words["done"]),
    )


def _done(digits: str) -> datetime | None:
    formats = {_SHORT_DATE: "%y%m%d%H%M", _LONG_DATE: "%y%m%d%H%M%S"}
    try:
        return datetime.strptime(digits, formats[len(digits)])  # noqa: DTZ007 - the provider states no zone
    except (KeyError, ValueError):
        return None


def _inbound(delivery: smpp34.DeliverSm) -> Inbound:
    tlvs = {tlv.tag: tlv for tlv in delivery.tlvs}
    payload = tlvs.get(MESSAGE_PAYLOAD)
    data = delivery.short_message or (payload.value if payload else b"")
    group, parts, part = None, 1, 1
    if delivery.esm_class & _HAS_HEADER and data:
        header, data = data[1 : data[0] + 1], data[data[0] + 1 :]
        group, parts, part = _joining(header)
    elif SAR_TOTAL in tlvs:
        group, parts, part = (tlvs[tag].as_int() or 0 if tag in tlvs else 0 for tag in SAR_TAGS)
    return Inbound(
        number=_number(delivery.source_addr),
        to=delivery.destination_addr,
        text=_text(data, delivery.data_coding),
        part=part,
        parts=parts,
        group=group,
    )


def _joining(header: bytes) -> tuple[int | None, int, int]:
    at = 0
    while at + 2 <= len(header):
        kind, value = header[at], header[at + 2 : at + 2 + header[at + 1]]
        if (kind, len(value)) == (0, 3):
            return value[0], value[1], value[2]
        if (kind, len(value)) == (8, 4):
            return value[0] << 8 | value[1], value[2], value[3]
        at += 2 + len(value)
    return None, 1, 1


_CODINGS = {1: "ascii", 3: "latin-1", 6: "iso8859-5", 8: "utf-16-be"}


def _text(data: bytes, coding: int) -> str:
    if coding in _CODINGS:
        return data.decode(_CODINGS[coding], "replace")
    return decode_gsm7(data)


def _number(address: str) -> str:
    """Addresses of people come with or without the plus sign; short codes and names stay as they are."""
    digits = address.removeprefix("+")
    return f"+{digits}" if digits.isdigit() and len(digits) > 6 else address
