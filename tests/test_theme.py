"""The theme as files: what is vendored, what a page loads, what is readable, what a strict CSP forbids."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "app" / "static"
TEMPLATES = sorted((ROOT / "app" / "templates").rglob("*.html"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
TONES = [
    "red", "orange", "yellow", "lime", "green", "teal", "cyan",
    "azure", "blue", "indigo", "purple", "pink", "gray",
]  # fmt: skip
GROUNDS = {
    "ld-ink": ["ld-canvas", "ld-surface", "ld-hover"],
    "ld-ink-2": ["ld-canvas", "ld-surface", "ld-sunken", "ld-hover", "ld-raised", "ld-brand-soft"],
    "ld-link": ["ld-canvas", "ld-surface", "ld-hover", "ld-brand-soft"],
    "ld-on-brand": ["ld-brand", "ld-brand-strong"],
    **{tone: ["ld-surface", f"{tone}-soft"] for tone in TONES},
}
PAIRS = [(ink, ground) for ink, grounds in GROUNDS.items() for ground in grounds]


def palette(theme: str) -> dict[str, str]:
    """Colour variables of one theme, from tokens.css."""
    css = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    selector = ":root, [data-bs-theme=light]" if theme == "light" else "[data-bs-theme=dark]"
    block = css.split(f"\n{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of #rrggbb."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(ink: str, ground: str) -> float:
    """Contrast ratio (WCAG 2.1) of two colours."""
    dark, light = sorted((luminance(ink), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


def gzipped(*paths: str) -> int:
    """Bytes of static files as a browser receives them."""
    return sum(len(gzip.compress((STATIC / path).read_bytes(), 6)) for path in paths)


def loaded_by_every_page() -> list[str]:
    """Static files that skeleton.html names, less those only chart pages load."""
    text = (ROOT / "app" / "templates" / "skeleton.html").read_text(encoding="utf-8")
    named = re.findall(r"asset\('([^']+)'\)", text)
    return [*(path for path in named if "chart" not in path), "vendor/icons/icons.svg"]


def test_vendored_files_agree_with_the_lock() -> None:
    done = subprocess.run(
        [sys.executable, "tools/vendor.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    held = set(
        re.findall(r'<symbol id="([\w-]+)"', (STATIC / "vendor/icons/icons.svg").read_text(encoding="utf-8"))
    )
    named = {
        name
        for path in [*TEMPLATES, *SCRIPTS]
        for name in re.findall(r"""\bicon\(["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8"))
    }
    declared = {
        name
        for path in (ROOT / "app").rglob("*.py")
        for name in re.findall(r"""\bicon=["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert (named | declared) - held == set()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_ink_is_readable_on_its_ground(theme: str) -> None:
    colours = palette(theme)
    weak = {f"{ink} on {ground}": contrast(colours[ink], colours[ground]) for ink, ground in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "app/templates").as_posix()
)
def test_a_template_needs_nothing_that_the_content_policy_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=\s*[\"']", text), "inline event handler"
    assert not re.search(r"<style\b", text), "inline style sheet"
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script, script
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"']https?:", text), "address of another host"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_never_turns_text_into_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert forbidden not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)


def test_files_named_by_the_skeleton_exist() -> None:
    assert [path for path in loaded_by_every_page() if not (STATIC / path).exists()] == []


def test_the_first_page_costs_less_than_200_kb() -> None:
    assert gzipped(*loaded_by_every_page()) < 185_000


def test_a_page_with_charts_costs_less_than_450_kb() -> None:
    assert gzipped(*loaded_by_every_page(), "vendor/echarts/echarts.common.min.js", "js/charts.js") < 435_000
