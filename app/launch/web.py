"""The web part: gunicorn with the application loaded once and shared by its processes."""

import gc
import os
import sys
from importlib import import_module
from typing import Any
from weakref import WeakSet

from gunicorn.app.base import BaseApplication
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

USED: WeakSet[Engine] = WeakSet()
"""Engines that were connected while the application loaded, before the processes parted."""
SELDOM = (10_000, 20, 20)
"""How many objects more than were let go are looked through for circles of them, and how often older ones are: at Python's
own numbers that took a twelfth of a request, which makes some thousand objects and leaves hardly a circle."""


def remember(connection: Connection) -> None:
    """Note an engine that has connections."""
    USED.add(connection.engine)


def part_ways(_server: Any, _worker: Any) -> None:
    """In a new web process: leave the connections made before the fork to the process that made them."""
    for engine in USED:
        engine.dispose(close=False)


class Web(BaseApplication):
    """gunicorn serving an application named as `module:callable` on an open socket.

    It imports what takes time first, and makes the application when the pipe `gate` is at its end: when the
    supervisor has the servers ready.
    """

    def __init__(self, application: str, listener: int, gate: int, needed: list[str]) -> None:
        self.application, self.listener, self.gate, self.needed = application, listener, gate, needed
        super().__init__()

    def load_config(self) -> None:
        """Settings that suit a supervisor above and a proxy in front."""
        settings = {
            "bind": f"fd://{self.listener}",
            "worker_class": "gthread",
            "workers": int(os.environ["WEB_WORKERS"]),
            "threads": int(os.environ["WEB_THREADS"]),
            "preload_app": True,
            "post_fork": part_ways,
            "timeout": 120,
            # the most there is: a list's filters stand in its address
            "limit_request_line": 8190,
            "graceful_timeout": 8,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108, PTH112
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application."""
        gc.disable()
        for name in self.needed:
            import_module(name)
        os.read(self.gate, 1)
        event.listen(Engine, "engine_connect", remember)
        name, _colon, factory = self.application.partition(":")
        application = getattr(import_module(name), factory)()
        event.remove(Engine, "engine_connect", remember)
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()
        return application


if __name__ == "__main__":
    Web(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]).run()
