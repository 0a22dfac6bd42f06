"""A page's form as a browser would send it back: what stands in its inputs, unticked boxes left out."""

from html.parser import HTMLParser
from typing import Any


class Form(HTMLParser):
    """The inputs of the form that is sent to `action`, as (name, value) pairs in `values`."""

    def __init__(self, page: str, action: str) -> None:
        super().__init__()
        self.values: list[tuple[str, str]] = []
        self._action, self._is_inside = action, False
        self._select = self._area = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(page)
        assert self.values, f"no form is sent to {action}"

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        said = dict(attrs)
        if tag == "form":
            self._is_inside = said.get("method", "").lower() == "post" and said.get("action") == self._action
        if not self._is_inside or "disabled" in said:
            return
        name = said.get("name", "")
        if tag == "input" and name and (said.get("type") not in ("checkbox", "radio") or "checked" in said):
            self.values.append((name, said.get("value") or ("y" if said.get("type") == "checkbox" else "")))
        elif tag == "select":
            self._select, self._options = name, []
            self._is_multiple = "multiple" in said
        elif tag == "option" and self._select:
            self._options.append((said.get("value") or "", "selected" in said))
        elif tag == "textarea":
            self._area = name
            self.values.append((name, ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            name, held = self.values[-1]
            # the first line break of a text area is not part of it, the others are sent as two characters
            self.values[-1] = (name, (held + data).removeprefix("\r").removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        elif tag == "textarea" and self._area:
            name, held = self.values[-1]
            self.values[-1] = (name, "\r\n".join(held.splitlines()))
            self._area = ""
        elif tag == "select" and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen]
            if not chosen and not self._is_multiple and self._options:
                chosen = [self._options[0][0]]
            self.values += [(self._select, value) for value in chosen]
            self._select = ""

    def sent(self, **changes: str) -> dict[str, list[str]]:
        """The values by name, some of them changed."""
        found: dict[str, list[str]] = {}
        for name, value in self.values:
            found.setdefault(name, []).append(value)
        return found | {name: [value] for name, value in changes.items()}
