"""A small application that stands where the product stands, so that these tests start in a second.

It is served, supervised and stopped by the real launcher with the real servers.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable

import psycopg
from celery import Celery

import config
from app.launch.__main__ import main
from app.launch.paths import DataDir
from app.launch.serve import serve
from app.launch.settings import Programs

STATE = "standin"
celery = Celery("standin", broker=config.CELERY_BROKER_URL)


def create_app() -> Callable[..., Iterable[bytes]]:
    """A WSGI application: /health, and who answers."""

    def application(environ: dict[str, str], start_response: Callable[..., None]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['PATH_INFO']} {os.getpid()}".encode()]

    return application


def prepare() -> int:
    """Stand for the preparation: leave a deployment behind, and one login of a demonstration."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    from app.launch.prepare import source_hash

    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS deployment (state text NOT NULL)")
        connection.execute("GRANT SELECT ON deployment TO PUBLIC")
        connection.execute("INSERT INTO deployment VALUES (%s)", (STATE,))
    logins = [["anna", "open sesame", "Officer", "her own loans"]] if options.demo else []
    DataDir(options.data_dir).write_state(source=source_hash(), state=STATE, demo=options.demo, logins=logins)
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        import app.launch.serve

        programs = Programs(
            "tests.launch.standin:create_app", (), "tests.launch.standin", "tests.launch.standin"
        )
        app.launch.serve.serve = lambda options: serve(options, programs)
        sys.exit(main(sys.argv[1:]))
    sys.exit(prepare())
