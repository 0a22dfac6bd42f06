#!/usr/bin/env python3
"""The one command: sets Loandesk up on a bare machine and runs any of its commands.

Only the standard library is used here. The work is done by ``python -m app.launch`` inside ``.venv``,
which this file makes and keeps in step with requirements.txt before it hands over.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
DEVELOPER_COMMANDS = {"test", "bench", "migration"}


def say(line):
    """Print one line of progress at once, also when the output is a pipe."""
    print(line, flush=True)


def refuse(*lines):
    """End with a message that says what is wrong and what to type."""
    for line in lines:
        print(line, file=sys.stderr, flush=True)
    raise SystemExit(1)


def venv_python():
    """The interpreter inside .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def requirement_files(command):
    """The files whose packages a command needs; developers' commands also need the test tools."""
    names = ["requirements.txt"]
    if command in DEVELOPER_COMMANDS:
        names.append("requirements-dev.txt")
    return [ROOT / name for name in names]


def fingerprint(files):
    """What an installation must have been made from to be still right: these files and this Python."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def made_by_this_python():
    """Whether .venv exists, starts, and belongs to the Python that runs this file."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return False
    version = [line.split("=")[1].strip() for line in settings.splitlines() if line.startswith("version")]
    return bool(version) and version[0].startswith("%d.%d." % sys.version_info[:2]) and venv_python().exists()


def ensure_venv_module():
    """Make sure that Python can make environments: Debian keeps ensurepip in a package of its own."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401

        return
    except ImportError:
        pass
    package = "python%d.%d-venv" % sys.version_info[:2]
    command = ["apt-get", "install", "-y", "--no-install-recommends", package]
    if shutil.which("apt-get") is None:
        refuse("This Python has no venv module. Install it with your system's package manager, then run again.")
    if os.geteuid() != 0:
        refuse("The system package %s is missing. Install it, then run again:" % package, "  sudo " + " ".join(command))
    say("Installing the system package %s" % package)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    subprocess.run(["apt-get", "update", "-qq"], stdin=subprocess.DEVNULL, env=environment)
    if subprocess.run(command, stdin=subprocess.DEVNULL, env=environment).returncode != 0:
        refuse("Installing %s failed. Try it yourself:" % package, "  " + " ".join(command))


def make_venv():
    """Make .venv afresh."""
    ensure_venv_module()
    say("Making .venv with Python %d.%d" % sys.version_info[:2])
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], stdin=subprocess.DEVNULL)
    if made.returncode != 0:
        refuse("Making %s failed; the message above says why." % VENV)


def install(files):
    """Install what the requirement files pin, telling each package as pip comes to it."""
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    for file in files:
        command += ["-r", str(file)]
    say("Installing packages: " + ", ".join(file.name for file in files))
    started, tail = time.monotonic(), []
    pip = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in pip.stdout:
        tail = (tail + [line.rstrip()])[-15:]
        if line.startswith(("Collecting ", "Building ", "Installing collected")):
            say("  %s" % line.strip()[:100])
    if pip.wait() != 0:
        refuse(*tail, "", "Installing the packages failed; pip's last lines are above.")
    say("Packages installed in %d s" % (time.monotonic() - started))


def ensure_packages(command):
    """Bring .venv in step with the requirement files; does nothing when their hash is the one installed."""
    files = requirement_files(command)
    wanted = fingerprint(files)
    stamp = VENV / (".installed-" + "-".join(file.stem for file in files))
    fresh = made_by_this_python()
    if fresh and stamp.exists() and stamp.read_text() == wanted:
        return
    with SetupLock():
        if not made_by_this_python():
            make_venv()
        if not (stamp.exists() and stamp.read_text() == wanted):
            install(files)
            stamp.write_text(wanted)


class SetupLock:
    """Lets one run.py at a time change .venv; a second one waits."""

    def __enter__(self):
        import fcntl

        self.file = open(ROOT / ".venv.lock", "w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another run.py is installing packages; waiting for it")
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def main():
    """Set up, then become ``python -m app.launch`` with the same arguments (same process, same terminal)."""
    if sys.version_info < OLDEST:
        refuse(
            "Loandesk needs Python %d.%d or newer; this is %d.%d." % (OLDEST + sys.version_info[:2]),
            "Run it with a newer one, for example: python3.11 run.py",
        )
    if os.name == "nt":
        refuse("Loandesk runs on Linux and macOS. On Windows use WSL: wsl --install, then run it there.")
    arguments = sys.argv[1:]
    command = next((word for word in arguments if not word.startswith("-")), "serve")
    os.environ.setdefault("LOANDESK_STARTED", repr(time.time()))
    try:
        ensure_packages(command)
    except KeyboardInterrupt:
        refuse("", "Stopped while setting up; run the same command to go on.")
    os.chdir(ROOT)
    python = str(venv_python())
    os.execv(python, [python, "-m", "app.launch"] + arguments)


if __name__ == "__main__":
    main()
