"""Brings the npm packages of the peers, once, into a folder that survives the run."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / "var" / "node"


def node_modules() -> Path:
    """The folder of the peers' packages, installed exactly as package-lock.json says if it is not yet."""
    lock = (HERE / "package-lock.json").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as gate:  # several test processes may come here at once
        fcntl.flock(gate, fcntl.LOCK_EX)
        installed = CACHE / "installed-package-lock.json"
        if not installed.exists() or installed.read_bytes() != lock:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, CACHE / name)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=CACHE, check=True, timeout=120)
            installed.write_bytes(lock)
    return CACHE / "node_modules"


def node(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of the scripts beside this file."""
    return subprocess.Popen(
        ["node", str(HERE / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"NODE_PATH": str(node_modules())},
    )
