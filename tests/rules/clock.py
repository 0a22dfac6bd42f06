"""One clock: the business date is an argument, the instant comes from app.core.clock."""

from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

THE_CLOCK = "app/core/clock.py"
_READS = ("date.today", "datetime.today", "datetime.now", "datetime.utcnow")


def only_the_clock_reads_the_clock(source: Source) -> Iterator[Finding]:
    """No date.today() or datetime.now() in the product, but in app/core/clock.py."""
    if not source.is_product or source.path == THE_CLOCK:
        return
    for call in source.calls():
        name = dotted(call.func)
        if name in _READS or name.endswith(tuple(f".{read}" for read in _READS)):
            yield source.finding(call, f"{name}() reads the wall clock: take the date as an argument")
