"""System packages that tests need: what is missing, and installing it where that is allowed."""

import os
import shutil
import subprocess
from pathlib import Path

from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.paths import PROJECT

LIST = PROJECT / "requirements-system.txt"


def wanted() -> dict[str, str]:
    """Package name → the command or file that shows it is installed."""
    lines = (line.partition("#")[0].split() for line in LIST.read_text().splitlines())
    return {words[0]: words[1] for words in lines if words}


def is_there(proof: str) -> bool:
    """Whether a command is on the path, or a file exists."""
    return Path(proof).exists() if proof.startswith("/") else shutil.which(proof) is not None


def missing() -> list[str]:
    """Packages of the list that are not there."""
    return [package for package, proof in wanted().items() if not is_there(proof)]


def install_missing() -> None:
    """Install what is missing, one package at a time: together some of them conflict.

    Raises:
        LaunchError: not root, no apt-get, or apt-get failed; names the packages and the command.
    """
    packages = missing()
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends"]
    by_hand = "\n".join(f"  sudo {' '.join(command)} {package}" for package in packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise LaunchError(
            f"The tests need system packages that are not installed: {', '.join(packages)}.\n{by_hand}"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say("Reading the list of system packages")
    subprocess.run(["apt-get", "update", "-qq"], env=environment, stdin=subprocess.DEVNULL, check=False)
    for package in packages:
        say(f"Installing the system package {package}")
        done = subprocess.run(
            [*command, package],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LaunchError(
                f"Installing {package} failed:\n{done.stderr.strip()[-2000:]}\nTry it yourself:\n{by_hand}"
            )
