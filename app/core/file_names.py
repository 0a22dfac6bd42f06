"""By which names files call what is stored here, also after somebody renamed it on its screen.

A person is called by his whole name, however it is spread over the two fields; a unit or product by its name or its
code. Besides these stand the "names in files": other names for the same, one a line.
"""

import re
import unicodedata
from typing import Any

from flask_babel import lazy_gettext as _

HINT = _("Other names by which files call this, one a line; after a renaming the old name is added by itself")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼʹ`´′＇"), "'")
_HAN = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_BETWEEN_HAN = re.compile(rf"(?<={_HAN}) (?={_HAN})")


def plain(name: str) -> str:
    """A person's name in the form in which names are compared: two ways to write one name become the same.

    >>> plain("Гриценко  Мар’яна") == plain("гриценко марʼяна"), plain("王 丽"), plain("Olena K")
    (True, '王丽', 'olena k')
    """
    known = unicodedata.normalize("NFKC", name.translate(_APOSTROPHES))
    return _BETWEEN_HAN.sub("", " ".join(known.split()).casefold())


def listed(names_in_files: str | None) -> list[str]:
    r"""The names of the field, a line each.

    >>> listed("Мороз Андрій\r\n\n 王丽 "), listed(None)
    (['Мороз Андрій', '王丽'], [])
    """
    return [line.strip() for line in (names_in_files or "").splitlines() if line.strip()]


def whole_names(first: str | None, last: str | None) -> list[str]:
    """A person's whole name in both orders; once where one field holds it all.

    >>> whole_names("Андрій", "Мороз"), whole_names("", "王丽")
    (['Мороз Андрій', 'Андрій Мороз'], ['王丽'])
    """
    parts = [part.strip() for part in (last, first) if part and part.strip()]
    return list(dict.fromkeys([" ".join(parts), " ".join(reversed(parts))])) if parts else []


def of_person(user: Any) -> set[str]:
    """All names of a user, as `plain` writes them. Needs first_name, last_name and names_in_files."""
    return set(map(plain, (*whole_names(user.first_name, user.last_name), *listed(user.names_in_files))))


def of_thing(row: Any) -> set[str]:
    """All names of a branch, product or group, to the letter. Needs name, names_in_files and, where it has one, code."""
    own = (row.name, getattr(row, "code", None))
    return {name for name in (*own, *listed(row.names_in_files)) if name}
