"""Leaves out of Tabler's style sheet the component families that no screen uses."""

import re
from collections.abc import Iterator

# Component families of Tabler that no screen uses. The page frame is our own (static/css/shell.css), so the
# navbar rules, a sixth of the file, go as well. Everything else stays: a new screen may use it at once.
UNUSED = re.compile(
    r"\.(navbar|nav-segmented|io-|carousel|ribbon|otp|sparkline|signal|sortable|markdown|mention|legend|calendar"
    r"|switch-icon|divide-|bg-gradient|theme-|payment|flag-|social|stars|star-|scrollspy|popover|bs-popover"
    r"|img-responsive|img-thumbnail|chip|hr-text|strength|page-cover|page-center|wizard|range-|vc-|fullcalendar"
    r"|litepicker|jvm-|jsvectormap|plyr|noUi|tom-select|ts-|apexcharts|dropzone|fslightbox|coloris|chart-"
    r"|demo-|turbo|layout-|nprogress|segmented|cursor-|object-|link-(?!secondary|muted|underline)|tracking-|fc-"
    r"|ratio|vstack|btn-(?:github|google|facebook|x|twitter|youtube|instagram|pinterest|vk|flickr|bitbucket|tabler"
    r"|rss|dribbble|linkedin|vimeo|behance|tumblr|snapchat|whatsapp|telegram))"
    r"|\[data-vc=|\.offcanvas-(?:sm|md|xl|xxl)|\.table-responsive-(?:md|xl|xxl)"
)


def css_rules(css: str) -> Iterator[tuple[str, str]]:
    """Yields (selector or at-rule, body) of each top-level rule of minified CSS; statements have no body."""
    start = at = 0
    while at < len(css):
        if css.startswith("/*", at):
            at = css.index("*/", at) + 2
            continue
        if css[at] == ";":
            yield css[start : at + 1], ""
            start = at + 1
        elif css[at] == "{":
            opened, depth = at, 1
            while depth:
                at += 1
                depth += {"{": 1, "}": -1}.get(css[at], 0)
            yield css[start:opened], css[opened + 1 : at]
            start = at + 1
        at += 1


def split_selectors(text: str) -> list[str]:
    """Splits a selector list at its own commas, not at those inside :is(…)."""
    parts, depth = [""], 0
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def trim_tabler(css: str) -> str:
    """Tabler's stylesheet without UNUSED families, its licence comment kept."""
    kept = []
    for selector, body in css_rules(css):
        if selector.lstrip().startswith(("@media", "@supports", "@container")):
            inner = trim_tabler(body)
            if inner:
                kept.append(f"{selector}{{{inner}}}")
        elif not body or selector.startswith("@"):
            kept.append(selector if not body else f"{selector}{{{body}}}")
        else:
            wanted = [one for one in split_selectors(selector) if not UNUSED.search(one)]
            if wanted:
                kept.append(f"{','.join(wanted)}{{{body}}}")
    return "".join(kept)
