"""The parts of an .xlsx beside its sheets: which sheets there are, shared strings, which styles are dates."""

import html
import posixpath
import re
import zipfile
from xml.etree import ElementTree as ET

from app.core.sheets.reader.cells import plain, runs
from app.core.sheets.reader.faults import FileFault

DATES = frozenset([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)])
"""Built-in number formats that show a date or a time (ECMA-376 part 1, 18.8.30, with the East Asian ones)."""
NOT_CODE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
"""Parts of a format that are shown as they are, or name a colour, a currency or a language."""
NAMESPACE = re.compile(rb"<(?:(\w+):)?(?:worksheet|sst|styleSheet)[\s>]")
ONE_STRING = re.compile(
    r"<si><t(?: xml:space=\"preserve\")?>([^<]*)</t></si>|<si>(.*?)</si>|<si/>", re.DOTALL
)


def without_namespaces(root: ET.Element) -> ET.Element:
    """The same tree with bare names: workbooks of the two standards differ only in namespaces."""
    for item in root.iter():
        item.tag = item.tag.rpartition("}")[2]
        for key in [key for key in item.attrib if "}" in key]:
            item.attrib[key.rpartition("}")[2]] = item.attrib.pop(key)
    return root


def prefix_of(start: bytes) -> str:
    """The prefix that the part puts before its names ("" for none)."""
    match = NAMESPACE.search(start)
    return (match[1] or b"").decode() if match else ""


def bare(text: str, prefix: str) -> str:
    """The text with that prefix taken off its names."""
    return text.replace(f"<{prefix}:", "<").replace(f"</{prefix}:", "</") if prefix else text


class Book:
    """The directory of a workbook. Raises FileFault `damaged`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._names = set(archive.namelist())
        root = self._related("", "officeDocument") or "xl/workbook.xml"
        self._workbook_part = root
        tree = self._tree(root)
        properties = tree.find("workbookPr")
        self.is_1904 = properties is not None and properties.get("date1904") in ("1", "true", "on")
        self.parts: dict[str, str] = {}
        self.hidden: set[str] = set()
        targets = self._targets(root)
        for item in tree.iter("sheet"):
            name, part = item.get("name", ""), targets.get(item.get("id", ""), ("", ""))
            if part[1].endswith("/worksheet") and part[0] in self._names:
                self.parts[name] = part[0]
                if item.get("state", "visible") != "visible":
                    self.hidden.add(name)

    def _tree(self, part: str) -> ET.Element:
        try:
            return without_namespaces(ET.fromstring(self.archive.read(part)))  # noqa: S314 - see the import
        except (KeyError, ET.ParseError, zipfile.BadZipFile, EOFError, ValueError) as error:
            raise FileFault("damaged", detail=f"{part}: {error}") from error

    def _targets(self, part: str) -> dict[str, tuple[str, str]]:
        """{relation id: (part, type)} of a part; "" is the workbook's root."""
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations not in self._names:
            return {}
        return {
            item.get("Id", ""): (posixpath.normpath(posixpath.join("/", folder, item.get("Target", "")))[1:],
                                 item.get("Type", ""))
            for item in self._tree(relations)
        }  # fmt: skip

    def _related(self, part: str, kind: str) -> str | None:
        for target, relation in self._targets(part).values():
            if relation.endswith(f"/{kind}") and target in self._names:
                return target
        return None

    def date_styles(self) -> frozenset[str]:
        """The cell styles, by their number as text, that make a number a date."""
        part = self._related(self._workbook_part, "styles")
        if part is None:
            return frozenset()
        tree = self._tree(part)
        dates = set(DATES)
        for item in tree.iter("numFmt"):
            code = NOT_CODE.sub("", item.get("formatCode", "")).partition(";")[0].lower()
            if any(letter in code for letter in "ymdhs") and "general" not in code:
                dates.add(int(item.get("numFmtId", "0")))
        formats = tree.find("cellXfs")
        found = [] if formats is None else list(formats)
        return frozenset(
            str(index) for index, item in enumerate(found) if int(item.get("numFmtId", "0")) in dates
        )

    def strings(self) -> dict[str, str]:
        """Shared strings by their index as text, with "" for no index."""
        part = self._related(self._workbook_part, "sharedStrings")
        table = {"": ""}
        if part is None:
            return table
        data = self.archive.read(part)
        text = bare(data.decode("utf-8", "replace"), prefix_of(data[:4096]))
        for index, match in enumerate(ONE_STRING.finditer(text)):
            if match[2] is None:
                value = match[1] or ""
                table[str(index)] = plain(html.unescape(value) if "&" in value else value)
            else:
                table[str(index)] = plain(runs(ET.fromstring(f"<si>{match[2]}</si>")))  # noqa: S314
        return table
