"""Static files: named by their content, kept by the browser for a year, sent compressed."""

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, g, request, url_for
from flask_compress import Compress
from markupsafe import Markup

YEAR = 31_536_000


@lru_cache(maxsize=512)
def content_hash(path: str, _modified: int) -> str:
    """A short hash of a file; a changed file gets another address."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


def icon(name: str | None, cls: str = "") -> Markup:
    """A symbol of the sprite; one without a name is a point. `_ui.html` has it as `icon`."""
    if "sprite" not in g:
        g.sprite = url_for("static", filename="vendor/icons/icons.svg")
    return _symbol(g.sprite, str(name or "point"), cls)


@lru_cache(maxsize=2048)
def _symbol(sprite: str, name: str, cls: str) -> Markup:
    drawn = Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>')
    return drawn.format(f"icon {cls}".rstrip(), sprite, name)


def init(app: Flask) -> None:
    """Compress what compresses, and version the addresses of static files."""
    app.config.setdefault("COMPRESS_ALGORITHM", ["gzip"])
    app.config.setdefault("COMPRESS_LEVEL", 5)
    Compress(app)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            file = f"{app.static_folder}/{values['filename']}"
            with suppress(OSError):
                values["v"] = content_hash(file, os.stat(file).st_mtime_ns)  # noqa: PTH116  a dozen times a page

    app.jinja_env.globals["draw_icon"] = icon
    # letters as they are: escaped, each letter of a Ukrainian word would take six bytes of the page
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}

    @app.after_request
    def keep(response: Any) -> Any:
        if hasattr(response.response, "close"):
            # compression reads the file but leaves it open
            response.call_on_close(response.response.close)
        if request.endpoint == "static" and "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response
