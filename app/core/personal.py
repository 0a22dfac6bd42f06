"""Numbers that identify people, hidden from those whose role may not reveal them."""

from flask import g, has_app_context


def mask(value: str, kind: str) -> str:
    """A personal number with its middle hidden.

    >>> mask("621121197011125075", "code"), mask("+8614583832473", "phone")
    ('6211••••••••••5075', '+861•••••••473')
    """
    keep_left, keep_right = (4, 3) if kind == "phone" else (4, 4)
    hidden = max(len(value) - keep_left - keep_right, 0)
    if not hidden:
        return "•" * len(value)
    return value[:keep_left] + "•" * hidden + value[-keep_right:]


def name_of(value: str, kind: str | None) -> str:
    """What names a row to the person of this request: a number as his role may see it; jobs see it in full."""
    principal = g.get("principal") if has_app_context() else None
    return mask(value, kind) if kind and principal and not principal.may_reveal else value
