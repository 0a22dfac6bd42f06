"""What every page needs around its content: language, menu, banner."""

from typing import Any

from flask import Flask, current_app, g, request, session


def locale() -> str:
    """The user's language; before login the one chosen on the login page, else the browser's."""
    principal = g.get("principal")
    if principal:
        return str(principal.language)
    chosen = session.get("locale")
    known = list(current_app.config["LANGUAGES"])
    if chosen in known:
        return str(chosen)
    offered = [code.replace("_", "-") for code in known] + ["zh-CN", "zh-TW", "zh-HK"]
    best = request.accept_languages.best_match(offered) or "en"
    return {"zh-CN": "zh_Hans", "zh-TW": "zh_Hant", "zh-HK": "zh_Hant"}.get(best, best.replace("-", "_"))


def context() -> dict[str, Any]:
    """Variables of every template."""
    return {"principal": g.get("principal")}


def add_filters(app: Flask) -> None:
    """Template filters."""
