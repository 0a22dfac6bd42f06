#!/usr/bin/env python3
"""The one command: sets Loandesk up on a bare machine and runs any of its commands.

Only the standard library is used here. The work is done by ``python -m app.launch`` inside ``.venv``,
which this file makes and keeps in step with requirements.txt before it hands over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
THIS_PYTHON = ".".join(str(part) for part in sys.version_info[:2])
DEVELOPER_COMMANDS = {"test", "bench", "migration"}


def say(line: str) -> None:
    """Print one line of progress at once, also when the output is a pipe."""
    print(line, flush=True)


def refuse(*lines: str) -> NoReturn:
    """End with a message that says what is wrong and what to type."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
    raise SystemExit(1)


def venv_python() -> Path:
    """The interpreter inside .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def requirement_files(command: str) -> list[Path]:
    """The files whose packages a command needs; developers' commands also need the test tools."""
    names = ["requirements.txt"]
    if command in DEVELOPER_COMMANDS:
        names.append("requirements-dev.txt")
    return [ROOT / name for name in names]


def fingerprint(files: list[Path]) -> str:
    """What an installation must have been made from to be still right: these files and this Python."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def made_by_this_python() -> bool:
    """Whether .venv exists, starts, and belongs to the Python that runs this file."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return False
    version = [line.split("=")[1].strip() for line in settings.splitlines() if line.startswith("version")]
    return bool(version) and version[0].startswith(f"{THIS_PYTHON}.") and venv_python().exists()


def ensure_venv_module() -> None:
    """Make sure that Python can make environments: Debian keeps ensurepip in a package of its own."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401

        return
    except ImportError:
        pass
    package = f"python{THIS_PYTHON}-venv"
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    if shutil.which("apt-get") is None:
        refuse(
            "This Python has no venv module. Install it with your system's package manager, then run again."
        )
    if os.geteuid() != 0:
        refuse(
            f"The system package {package} is missing. Install it, then run again:",
            f"  sudo {' '.join(command)}",
        )
    say(f"Installing the system package {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], stdin=subprocess.DEVNULL, env=environment, check=False)
    if subprocess.run(command, stdin=subprocess.DEVNULL, env=environment, check=False).returncode != 0:
        refuse(f"Installing {package} failed. Try it yourself:", "  " + " ".join(command))


def make_venv() -> None:
    """Make .venv afresh."""
    ensure_venv_module()
    say(f"Making .venv with Python {THIS_PYTHON}")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False)
    if made.returncode != 0:
        refuse(f"Making {VENV} failed; the message above says why.")


def install(files: list[Path]) -> None:
    """Install what the requirement files pin, telling each package as pip comes to it."""
    command = [
        str(venv_python()),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
    ]
    for file in files:
        command += ["-r", str(file)]
    say("Installing packages: " + ", ".join(file.name for file in files))
    started, tail = time.monotonic(), [""]
    pip = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in pip.stdout:
        tail = [*tail, line.rstrip()][-15:]
        if line.startswith(("Collecting ", "Building ", "Installing collected")):
            say(f"  {line.strip()[:100]}")
    if pip.wait() != 0:
        refuse(*tail, "", "Installing the packages failed; pip's last lines are above.")
    say(f"Packages installed in {time.monotonic() - started:.0f} s")


def stamp_of(files: list[Path]) -> Path:
    """The file in .venv that remembers what was installed from these requirement files."""
    return VENV / (".installed-" + "-".join(file.stem for file in files))


def ensure_packages(command: str) -> None:
    """Bring .venv in step with the requirement files; does nothing when their hash is the one installed."""
    files = requirement_files(command)
    wanted = fingerprint(files)
    stamp = stamp_of(files)
    if made_by_this_python() and stamp.exists() and stamp.read_text() == wanted:
        return
    with SetupLock():
        if not made_by_this_python():
            make_venv()
        if not (stamp.exists() and stamp.read_text() == wanted):
            install(files)
            stamp.write_text(wanted)
            stamp_of(files[:1]).write_text(fingerprint(files[:1]))


class SetupLock:
    """Lets one run.py at a time change .venv; a second one waits. The lock is on this very file."""

    def __enter__(self) -> None:
        import fcntl

        self.file = (ROOT / "run.py").open()
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another run.py is installing packages; waiting for it")
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()


def become(python: str, arguments: list[str]) -> NoReturn:
    """Go on as ``python -m app.launch`` in this very process."""
    os.execv(python, [python, "-P", "-m", "app.launch", *arguments])


def main() -> None:
    """Set up, then become ``python -m app.launch`` with the same arguments (same process, same terminal)."""
    if sys.version_info < OLDEST:
        refuse(
            f"Loandesk needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {THIS_PYTHON}.",
            "Run it with a newer one, for example: python3.11 run.py",
        )
    if os.name == "nt":
        refuse("Loandesk runs on Linux and macOS. On Windows use WSL: wsl --install, then run it there.")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments) and not venv_python().exists():
        become(sys.executable, arguments)  # help needs no packages
    command = arguments[0] if arguments and not arguments[0].startswith("-") else "serve"
    os.environ.setdefault("LOANDESK_STARTED", repr(time.time()))
    try:
        ensure_packages(command)
    except KeyboardInterrupt:
        refuse("", "Stopped while setting up; run the same command to go on.")
    become(str(venv_python()), arguments)


if __name__ == "__main__":
    main()
