"""lookup and list-pages: how long a person waits for what he typed and for a page of a list, whoever he is."""

from collections.abc import Callable, Iterator, Sequence
from statistics import quantiles
from urllib.parse import quote

from flask.testing import FlaskClient

from tests.bench import measure
from tests.bench.database import Bench
from tests.bench.measure import Line, taken
from tests.bench.pages import client_of
from tests.bench.viewers import viewer

READERS = ("all", "own", "branch", "region", "multi")
ROUNDS = 20
LEAST = "/search/?q="
"""What the least request costs: the whole stack and nothing to look for."""


def typed(bench: Bench) -> dict[str, Callable[[int], str]]:
    """What people type, made from the number of the round; each is another text, so that nothing is remembered."""

    def loan(n: int) -> str:
        return f"L{1 + n * 7919 % bench.scale:09d}"

    def name(n: int) -> str:
        return "王李张刘陈杨黄赵吴周"[n % 10]

    return {
        "palette, loan": lambda n: f"/search/?q={loan(n)}",
        "palette, part of a number": lambda n: f"/search/?q={loan(n)[3:8]}",
        "palette, name": lambda n: f"/search/?q={quote(name(n) + chr(20000 + n * 37 % 5000))}",
        "palette, telephone": lambda n: f"/search/?q=138{1 + n * 5081 % bench.scale:08d}",
        "palette, nothing fits": lambda n: f"/search/?q=zq{n}x",
        "customer, begun": lambda n: f"/lookups/customer?q={quote(name(n))}",
        "customer, name": lambda n: f"/lookups/customer?q={quote(name(n) + chr(20000 + n * 53 % 5000))}",
        "customer, nothing yet": lambda _n: "/lookups/customer?q=",
        "loan": lambda n: f"/lookups/loan?q={loan(n)}",
        "officer": lambda n: f"/lookups/user?q=officer-{1 + n}",
        "village": lambda n: f"/lookups/region?q={quote('东西南北大小上下新王'[n % 10])}",
    }


def pages(bench: Bench) -> dict[str, Callable[[int], str]]:
    """Pages of the list of loans and of customers as people ask for them."""

    def near(n: int) -> int:
        return n * 7919 % bench.scale

    return {
        "loans": lambda _n: "/loan/list/",
        "loans, last page": lambda _n: "/loan/list/?last=1",
        "loans, latest overdue": lambda _n: "/loan/list/?sort=-days_past_due",
        "loans, overdue more than": lambda n: (
            f"/loan/list/?days_past_due__gt={20 + n}&sort=-overdue_principal"
        ),
        "loans, by principal": lambda n: (
            f"/loan/list/?principal__gt={10_000 + near(n) % 5000}&sort=-principal"
        ),
        "loans, of a month": lambda n: (
            f"/loan/list/?disbursed_on__ge=2017-{1 + n % 12:02d}-01&sort=disbursed_on"
        ),
        "loans, searched": lambda n: f"/loan/list/?q=L{1 + near(n):09d}",
        "customers": lambda _n: "/customer/list/",
        "customers, by name": lambda n: (
            f"/customer/list/?q={quote('王李张刘陈杨黄赵吴周'[n % 10])}&sort=name"
        ),
    }


def lookup(bench: Bench) -> Iterator[Line]:
    """What 95 of 100 answers of a lookup or of the palette take at most, for the worst of readers and texts."""
    yield _slowest("lookup", bench, typed(bench), 0.15)


def list_pages(bench: Bench) -> Iterator[Line]:
    """The same for pages of lists."""
    yield _slowest("list-pages", bench, pages(bench), 0.3)


def _slowest(name: str, bench: Bench, asked: dict[str, Callable[[int], str]], target: float) -> Line:
    found: dict[str, float] = {}
    least = 0.0
    for kind in READERS:
        client = client_of(viewer(kind))
        least = max(least, _of_95([_answered(client, LEAST) for _ in range(_rounds())]))
        for what, address in asked.items():
            _answered(client, address(0))
            seconds = [_answered(client, address(n)) for n in range(1, 1 + _rounds())]
            found[f"{what}, {kind}"] = _of_95(seconds)
    details = tuple(f"{what:<36} {seconds * 1000:8.1f} ms" for what, seconds in found.items())
    return Line(name, max(found.values()), least, target, limit_of_figure=True, details=details)


def _rounds() -> int:
    return ROUNDS if measure.patience else 2


def _of_95(seconds: Sequence[float]) -> float:
    """What 95 of 100 do not exceed."""
    return quantiles(seconds, n=20, method="inclusive")[-1]


def _answered(client: FlaskClient, address: str) -> float:
    def ask() -> None:
        answer = client.get(address)
        if answer.status_code != 200:
            raise ValueError(f"{address} answers {answer.status}")
        assert answer.data

    return taken(ask)
