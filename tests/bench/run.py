"""`python3 run.py bench [name …] [--scale N] [--json] [--verbose]`: runs them and prints a line each.

docs/benchmarks.md says what each measures.
"""

import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module

from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.servers import Servers
from tests.bench import measure
from tests.bench.database import EMPTY, Bench, prepared
from tests.bench.measure import HEADING, Line

BENCHMARKS = {
    "scope-list": "scopes:scope_list",
    "page-depth": "pages:page_depth",
    "list-request": "pages:list_request",
    "list-pages": "answers:list_pages",
    "lookup": "answers:lookup",
    "night-arrears": "nights:night_arrears",
    "night-queue": "nights:night_queue",
    "night-rerun": "nights:night_rerun",
    "schedules": "schedules:schedules",
    "import": "imports:imports",
    "export": "exports:export",
    "report": "report:report",
    "history": "changes:history",
    "bulk-edit": "changes:bulk_edit",
    "custom-field": "custom:custom_field",
    "report-builder": "built:report_builder",
    "sms": "wire:sms",
    "start": "starts:start",
}
"""name → where it is: module:function, called with the Bench, yields lines."""


def main(
    servers: Servers,
    names: Sequence[str],
    scale: int,
    *,
    is_json: bool = False,
    is_verbose: bool = False,
    template: str = EMPTY,
    patience: float = 1,
) -> int:
    """Run the benchmarks of these names (none: all) and print a line each.

    Returns 0 when all targets are met, 1 when one is missed or one fails.

    Raises:
        LaunchError: a name is none of BENCHMARKS, or the scale is no number of loans.
    """
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown or scale < 1:
        wrong = (
            f"There is no benchmark {', '.join(unknown)}"
            if unknown
            else "The scale is a number of loans, 1 or more"
        )
        raise LaunchError(f"{wrong}. Benchmarks: {', '.join(BENCHMARKS)}.")
    measure.patience = patience
    bench, is_well = prepared(servers, scale, template), True
    if not is_json:
        say(HEADING)
    for line in lines(bench, names or BENCHMARKS):
        is_well &= line is not None and line.is_met
        if line is not None:
            say(line.as_json() if is_json else str(line))
        if line is not None and is_verbose and not is_json:
            say("\n".join(f"  {detail}" for detail in line.details))
    return 0 if is_well else 1


def lines(bench: Bench, names: Iterable[str]) -> Iterator[Line | None]:
    """The lines of the benchmarks; None for one that failed, which is told on standard error."""
    for name in names:
        module, _colon, function = BENCHMARKS[name].partition(":")
        try:
            run: Callable[[Bench], Iterable[Line]] = getattr(import_module(f"tests.bench.{module}"), function)
            yield from run(bench)
        except Exception:  # noqa: BLE001 - told; the other benchmarks still run
            print(f"{name} failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
            yield None
