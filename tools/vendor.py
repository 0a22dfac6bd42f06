"""Copies the browser assets out of their npm packages into app/static/vendor, trimmed and locked by hash.

    python tools/vendor.py                    install the pinned packages into a temporary directory and copy
    python tools/vendor.py --modules DIR      the same from an existing node_modules directory
    python tools/vendor.py --check            only compare the committed files with the lock (no network)

The result is committed, so neither a build nor a network is needed to run the product. Written beside the
files: their licences and `vendor.lock.json` (package, version, licence, bytes, gzipped bytes, sha256);
`docs/third-party.md` is generated from the same table.
"""

import argparse
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from trim import trim_tabler

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "app" / "static" / "vendor"
TEST_OUT = ROOT / "tests" / "vendor"
LOCK = OUT / "vendor.lock.json"
NOTICES = ROOT / "docs" / "third-party.md"
ICON_NAMES = Path(__file__).with_name("icons.txt")


@dataclass(frozen=True)
class Package:
    """One npm package: what it is for, which files go where, which licence texts must travel with them."""

    name: str
    version: str
    licence: str
    purpose: str
    home: str
    files: dict[str, str]
    licences: dict[str, str] = field(default_factory=dict)
    trim: Callable[[str], str] | None = None
    into: Path = OUT


TABLER_HOLDERS = "Copyright 2018-2026 The Tabler Authors\nCopyright 2018-2026 codecalm.net Paweł Kuna"

PACKAGES = (
    Package(
        "@tabler/core",
        "1.6.1",
        "MIT",
        "style sheet (Bootstrap 5 theme), trimmed",
        "https://tabler.io",
        {"dist/css/tabler.min.css": "tabler/tabler.css"},
        trim=trim_tabler,
    ),
    Package(
        "bootstrap",
        "5.3.8",
        "MIT",
        "drop-down menus, drawer; with Popper 2.11 (MIT)",
        "https://getbootstrap.com",
        {"dist/js/bootstrap.bundle.min.js": "bootstrap/bootstrap.bundle.min.js"},
        {"LICENSE": "bootstrap/LICENSE"},
    ),
    Package(
        "echarts",
        "6.1.0",
        "Apache-2.0",
        "charts (common build); parts of d3 (BSD-3-Clause)",
        "https://echarts.apache.org",
        {"dist/echarts.common.min.js": "echarts/echarts.common.min.js"},
        {
            "LICENSE": "echarts/LICENSE",
            "NOTICE": "echarts/NOTICE",
            "licenses/LICENSE-d3": "echarts/LICENSE-d3",
        },
    ),
    Package(
        "@tabler/icons",
        "3.51.0",
        "MIT",
        "icons, a sprite of those named in tools/icons.txt",
        "https://tabler.io/icons",
        {},
        {"LICENSE": "icons/LICENSE"},
    ),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        "accessibility rules, used by the tests only",
        "https://github.com/dequelabs/axe-core",
        {"axe.min.js": "axe.min.js"},
        {"LICENSE": "axe.LICENSE"},
        into=TEST_OUT,
    ),
)


def icon_names() -> list[str]:
    """Names in tools/icons.txt, sorted, without comments."""
    lines = ICON_NAMES.read_text(encoding="utf-8").split("\n")
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def sprite(modules: Path) -> str:
    """One SVG with a <symbol id="name"> per icon; stroke and size come from the style sheet."""
    symbols = []
    for name in icon_names():
        source = modules / "@tabler/icons/icons/outline" / f"{name}.svg"
        if not source.exists():
            raise SystemExit(f"tools/icons.txt names '{name}', which @tabler/icons does not have")
        inner = re.sub(
            r"<svg[^>]*>|</svg>|<!--.*?-->", "", source.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        inner = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "", inner)
        inner = re.sub(r"\s*\n\s*", "", inner).replace(" />", "/>")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def write(target: Path, data: bytes, package: Package, lock: dict[str, dict[str, object]]) -> None:
    """Stores one file and its line in the lock."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    lock[target.relative_to(ROOT).as_posix()] = {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "bytes": len(data),
        "gzipped": len(gzip.compress(data, 9, mtime=0)),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def copy_package(package: Package, modules: Path, lock: dict[str, dict[str, object]]) -> None:
    """Copies the files and licence texts of one package after checking that its version is the pinned one."""
    found = json.loads((modules / package.name / "package.json").read_text(encoding="utf-8"))
    if (found["version"], found["license"]) != (package.version, package.licence):
        raise SystemExit(
            f"{package.name}: expected {package.version} {package.licence}, "
            f"found {found['version']} {found['license']}"
        )
    for source, target in package.files.items():
        text = (modules / package.name / source).read_text(encoding="utf-8")
        text = re.sub(r"\n?(//|/\*)# sourceMappingURL=.*", "", text)
        write(package.into / target, (package.trim(text) if package.trim else text).encode(), package, lock)
    for source, target in package.licences.items():
        write(package.into / target, (modules / package.name / source).read_bytes(), package, lock)
    if package.name == "@tabler/core":  # its npm package carries the licence only in the header of the css
        text = (modules / "@tabler/icons/LICENSE").read_text(encoding="utf-8")
        text = re.sub(r"Copyright .*", TABLER_HOLDERS, text, count=1)
        write(OUT / "tabler/LICENSE", text.encode(), package, lock)
    if package.name == "@tabler/icons":
        write(OUT / "icons/icons.svg", sprite(modules).encode(), package, lock)


def notices(lock: dict[str, dict[str, object]]) -> str:
    """docs/third-party.md: every package with version, licence, purpose and the files taken from it."""
    lines = [
        "# Third-party browser assets",
        "",
        "Generated by `python tools/vendor.py`; do not edit. Each file is copied from the named npm package,",
        "its licence text lies beside it, and its sha256 is in `app/static/vendor/vendor.lock.json`.",
        "",
        "| package | version | licence | used for | files |",
        "|---|---|---|---|---|",
    ]
    for package in PACKAGES:
        files = "<br>".join(f"`{path}`" for path, line in lock.items() if line["package"] == package.name)
        lines.append(
            f"| [{package.name}]({package.home}) | {package.version} | {package.licence} "
            f"| {package.purpose} | {files} |"
        )
    return "\n".join(lines) + "\n"


def check() -> list[str]:
    """Every committed file that is missing, changed or not named in the lock."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    wrong = [f"{path}: missing" for path in lock if not (ROOT / path).exists()]
    for path, line in lock.items():
        if (ROOT / path).exists() and hashlib.sha256((ROOT / path).read_bytes()).hexdigest() != line[
            "sha256"
        ]:
            wrong.append(f"{path}: differs from the lock")
    present = {
        path.relative_to(ROOT).as_posix() for path in OUT.rglob("*") if path.is_file() and path != LOCK
    }
    return wrong + [f"{path}: not in the lock" for path in sorted(present - set(lock))]


def install(into: Path) -> Path:
    """Run npm install for the pinned packages (no scripts run); returns the node_modules directory."""
    wanted = [f"{package.name}@{package.version}" for package in PACKAGES]
    (into / "package.json").write_text('{"private": true}')
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *wanted],
        cwd=into,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return into / "node_modules"


def build(modules: Path) -> None:
    """Copies everything and writes lock and notices."""
    lock: dict[str, dict[str, object]] = {}
    for package in PACKAGES:
        copy_package(package, modules, lock)
    LOCK.write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    NOTICES.write_text(notices(dict(sorted(lock.items()))), encoding="utf-8")
    for path, line in lock.items():
        print(
            f"{path:55s} {line['version']:8s} {line['licence']:11s} {line['bytes']:8d} gz {line['gzipped']}"
        )


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--modules", type=Path, help="an existing node_modules directory")
    parser.add_argument("--check", action="store_true", help="compare the committed files with the lock")
    options = parser.parse_args()
    if options.check:
        wrong = check()
        print("\n".join(wrong) or "vendored files agree with the lock")
        return bool(wrong)
    if options.modules:
        build(options.modules)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        build(install(Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
