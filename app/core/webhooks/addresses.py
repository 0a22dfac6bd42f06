"""Where a webhook may lead: into the world, and into one's own network only by the names that a setting allows.

A name is resolved once, judged, and that very address is called: a name that answers the judge with one address
and the call with another gains nothing.
"""

import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _

import config
from app.core.errors import RuleError

PATIENCE = 3.0
"""Seconds for which a person who saves an address waits until its name is looked up."""
INSIDE = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "localdomain",
    "svc",
    "cluster.local",
)
"""Ends of names that the world's name servers do not know, so that whoever answers to them stands inside: RFC 6761,
6762 and 8375, the `internal` that ICANN keeps for it since 2024, and those of clusters."""
METADATA = ("metadata.tencentyun.com", "metadata.platformequinix.com", "metadata.packet.net")
"""Names by which machines in clouds are told their secrets, as far as they look like names of the world."""
_NAT64 = ip_network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


class Forbidden(RuleError):
    """An address to which nothing is sent."""


class Unknown(RuleError):
    """A name that no address answers to at this moment."""


@dataclass(frozen=True)
class Target:
    """An address as it is written, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_named(self) -> bool:
        """Whether the setting allows this host whatever its address is."""
        return self.host in allowed_hosts()

    @property
    def name(self) -> str:
        """The host as its header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


def allowed_hosts() -> set[str]:
    """The hosts of one's own network that webhooks may call."""
    return {host.strip().lower() for host in config.WEBHOOK_HOSTS.split(",") if host.strip()}


def parse(url: str) -> Target:
    """Take an address apart. Raises Forbidden for one that is no plain https address (or http of an allowed host)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise Forbidden(_("This is no address of the web"), "url") from None
    is_plain = url.isascii() and url.isprintable() and " " not in url and host and "%" not in host
    if parts.scheme not in ("https", "http") or not is_plain or port == 0:
        raise Forbidden(_("Write an address that begins with https://"), "url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Forbidden(_("Leave out the name, the password and what follows a #"), "url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], path)
    if is_name_inside(target.host) and not target.is_named:
        raise Forbidden(_("This address leads inside one's own network"), "url")
    if target.scheme == "http" and not target.is_named:
        raise Forbidden(_("Only https: what is told must not be read on its way"), "url")
    return target


def resolve(target: Target) -> list[str]:
    """The addresses to call, each judged. Raises Forbidden if one of them lies inside, Unknown for a name without any."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unknown(_("Nothing is known by this name"), "url") from None
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not target.is_named and not all(is_outside(ip_address(one)) for one in addresses):
        raise Forbidden(_("This address leads inside one's own network"), "url")
    return addresses


def resolve_soon(target: Target, seconds: float = PATIENCE) -> list[str]:
    """The same for whoever waits only so long: a name of which nothing is heard by then is Unknown for now."""
    heard: SimpleQueue[list[str] | RuleError] = SimpleQueue()

    def ask() -> None:
        try:
            heard.put(resolve(target))
        except RuleError as error:
            heard.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = heard.get(timeout=max(0.0, seconds))
    except Empty:
        raise Unknown(_("Nothing is known by this name"), "url") from None
    if isinstance(answer, RuleError):
        raise answer
    return answer


def is_name_inside(host: str) -> bool:
    """Whether a name can only mean something inside, whatever answers to it here and now.

    >>> inside = "metadata.google.internal instance-data printer.local metadata.tencentyun.com localhost a.b.svc"
    >>> all(map(is_name_inside, inside.split())), any(map(is_name_inside, ("bank.example", "8.8.8.8", "2606:4700::1")))
    (True, False)
    """
    if ":" in host or host.rpartition(".")[2].isdigit():
        return False
    return "." not in host or host in METADATA or host.endswith(tuple(f".{end}" for end in INSIDE))


def is_outside(address: Address) -> bool:
    """Whether an address belongs to the world; one that carries another, such as ::ffff:10.0.0.1, is judged by that.

    >>> [is_outside(ip_address(one)) for one in ("8.8.8.8", "2606:4700::1111")]
    [True, True]
    >>> inside = "127.0.0.1 10.1.2.3 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 ::1 fe80::1 fd00:ec2::254 ::ffff:10.0.0.1"
    >>> any(is_outside(ip_address(one)) for one in [*inside.split(), "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::"])
    False
    """
    carried = _carried(address) if isinstance(address, IPv6Address) else None
    if carried is not None:
        return is_outside(carried)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a translator would call in its place."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
