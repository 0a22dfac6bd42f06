"""``run.py serve``: everything a working installation needs, under one supervisor."""

import argparse
import os
import socket
import time

from app.launch.console import Phases, say
from app.launch.errors import LaunchError
from app.launch.logins import refuse_unsafe
from app.launch.paths import DataDir
from app.launch.port import Probe, is_loopback, listen, shown_host
from app.launch.prepare import is_prepared, prepare, wants_demo
from app.launch.process import Part
from app.launch.servers import Servers
from app.launch.settings import Programs, app_url, environment, module, servers_for
from app.launch.signals import SIGNALS
from app.launch.supervisor import Supervisor, stop

PROGRAMS = Programs()


def serve(options: argparse.Namespace, programs: Programs = PROGRAMS) -> int:
    """Start everything, say where it is, and keep it running until told to stop.

    Args:
        options: port, host, data_dir, empty, demo as the command line gives them.
        programs: what is served.

    Raises:
        LaunchError: it runs already, the port is taken, or a part does not start.
    """
    phases = Phases()
    phases.done("python")
    data = DataDir(options.data_dir)
    # a place that does not exist yet stays so when the port is taken; of any other, who uses it is told first
    opened = None if data.root.exists() else listen(options.host, options.port)
    data.create()
    servers = servers_for(data.root, "serve")
    demo = wants_demo(servers, is_empty=options.empty, is_demo=options.demo)
    if not servers.take():
        raise already_running(servers)
    gate, opening = os.pipe()
    parts: list[Part] = []
    try:
        listener = opened or listen(options.host, options.port)
        parts = application_parts(servers, listener, gate, programs)
        parts[0].start()
        servers.start()
        phases.done("servers")
        refuse_unsafe(app_url(servers))
        if not is_prepared(data, app_url(servers), demo=demo):
            prepare(servers, demo=demo, program=programs.preparation)
        phases.done("database")
        os.close(opening)
        run(servers, listener, options, parts, phases)
    finally:
        SIGNALS.is_stopping = True
        stop(parts)
        servers.stop()
    return 0


def run(
    servers: Servers, listener: socket.socket, options: argparse.Namespace, parts: list[Part], phases: Phases
) -> None:
    """Supervise the parts until told to stop."""
    probe = Probe(listener)
    supervisor = Supervisor(servers.parts, parts, probe.is_answered)
    url = f"http://{shown_host(options.host)}:{listener.getsockname()[1]}/"
    servers.lock.write(purpose="serve", is_ready=True, url=url)

    def announce() -> None:
        phases.done("first page")
        welcome(servers, url, options, phases)

    supervisor.start(announce)
    supervisor.run()
    say("Stopping")


def application_parts(servers: Servers, listener: socket.socket, gate: int, programs: Programs) -> list[Part]:
    """The web, worker and beat parts. The web part goes on from its imports when `gate` is at its end."""
    os.environ.setdefault("WEB_WORKERS", str(min(os.cpu_count() or 1, 4)))
    os.environ.setdefault("WEB_THREADS", "8")
    count = os.environ.get("JOB_WORKERS") or str(min(os.cpu_count() or 1, 4))
    told = environment(servers)
    told.setdefault("SESSION_COOKIE_SECURE", "no")  # what is served here itself is plain HTTP
    celery = [*module("celery", "-A", programs.jobs)]
    quiet = ["--without-mingle", "--without-gossip", "--hostname", f"loandesk-{os.getpid()}@%h"]
    data, keeper = servers.data, servers.keeper
    logs, descriptors = data.logs, (str(listener.fileno()), str(gate))
    return [
        Part(
            "web", module("app.launch.web", programs.application, *descriptors, *programs.needed),
            logs / "web.log", told, pass_fds=(listener.fileno(), gate), keeper=keeper,
        ),
        Part(
            "worker", [*celery, "worker", "--loglevel", "INFO", "--concurrency", count, *quiet],
            logs / "worker.log", told, stop_seconds=20, keeper=keeper,
        ),
        Part(
            "beat", [*celery, "beat", "--loglevel", "INFO", "--pidfile=", "-s", str(data.root / "beat")],
            logs / "beat.log", told, keeper=keeper,
        ),
    ]  # fmt: skip


def already_running(servers: Servers) -> LaunchError:
    """The refusal of a second start, saying what runs and how to stop it."""
    owner = servers.lock.owner()
    pid, url = owner.get("pid"), owner.get("url")
    if owner.get("purpose") != "serve":
        purpose = owner.get("purpose", "A command")
        return LaunchError(f"{purpose} (process {pid}) is using {servers.data.root}; wait for its end.")
    where = f" at {url}" if url else " and still starting"
    return LaunchError(
        f"Loandesk is already running for {servers.data.root}{where} (process {pid}). "
        f"Stop it with Ctrl-C in its terminal, or: kill {pid}"
    )


def welcome(servers: Servers, url: str, options: argparse.Namespace, phases: Phases) -> None:
    """Print where the application is, who may log in, and how long it took."""
    say(f"\nLoandesk is ready: {url}\n")
    logins = servers.data.read_state().get("logins")
    if isinstance(logins, list) and logins:
        rows = [["login", "password", "role", "sees"], *([str(cell) for cell in login] for login in logins)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        say("")
    elif not logins:
        say("  No login yet? python3 run.py create-user NAME --role Administrator --sees all\n")
    if not is_loopback(options.host):
        say("  Served unencrypted to other machines: put a proxy with HTTPS in front (docs/operate.md).")
    say(f"Started in {phases.total:.1f} s ({phases}). Logs: {servers.data.logs}. Ctrl-C stops everything.")
    servers.data.write_state(started={"at": time.time(), "seconds": phases.total, "phases": phases.seconds})
