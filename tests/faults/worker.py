"""A process under fire: runs a night, imports a file, sends what is queued or goes on with uploads, in the database of its environment.

    python -m tests.faults.worker night 2018-06-26
    python -m tests.faults.worker import ledger.xlsx dingxi
    python -m tests.faults.worker send 2775
    python -m tests.faults.worker upload waiting

Says "ready" once everything is imported and "done" at its end.
"""

import sys
from datetime import date, timedelta

from app import create_app
from app.core.web.uploads.work import run_waiting
from app.messaging.channels import open_channel
from app.messaging.dispatch import send_due
from app.messaging.receive import receive
from app.servicing.intake import run_import
from tasks import nightly


def main(what: str, argument: str, layout: str = "") -> None:
    """Do what is told."""
    print("ready", flush=True)
    if what == "night":
        nightly.run(date.fromisoformat(argument), lambda _line: None)
    elif what == "import":
        run_import(argument, layout)
    elif what == "upload":
        with create_app(SECRET_KEY="fire").app_context():
            run_waiting()
    else:
        settings = {
            "host": "127.0.0.1",
            "port": argument,
            "system_id": "x",
            "password": "pw",
            "source": "BANK",
        }
        with open_channel("smpp", settings) as channel:
            # the process before is dead, the test has seen to that
            send_due(channel, lease=timedelta(0))
            receive(channel, wait=1.0)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
