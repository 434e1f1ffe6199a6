"""The parts of a workbook (xlsx) that its rows lean on: its sheets, its shared texts, and which styles show dates.

Read by the names of elements in the namespaces of either form of Office Open XML, Transitional and Strict. What a part
says about looks, links, comments and the like is not read, so that nothing in it can be wrong. Why not by a library:
docs/decisions/0175-workbooks.md.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from microflow_runtime.formats.layout import RowMisfit

_MAIN: Final = frozenset(
    ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
)
_RELATED: Final = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_DATES: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Formats that need no definition and show dates or times."""
_UNSHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ELAPSED: Final = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_WORKBOOK: Final = "the file is no workbook that can be read"


class Style(NamedTuple):
    """How the numbers of a style are shown: as dates and times, or as a time that has passed."""

    is_date: bool
    is_elapsed: bool


_PLAIN: Final = Style(is_date=False, is_elapsed=False)


class Workbook:
    """A workbook that is open. Raises RowMisfit for what cannot be read."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.casefold(): name for name in archive.namelist()}
        root = self._relations("")
        path = next((target for kind, target in root.values() if kind == "officeDocument"), "xl/workbook.xml")
        self._relations_of_book = self._relations(path)
        self.has_1904_dates = False
        self._sheets: list[tuple[str, str]] = []
        self._read_book(path)

    def sheet_part(self, wanted: str | int) -> str:
        """Return the part of a sheet by its title, or by its number from 1."""
        if isinstance(wanted, str):
            found = next((part for title, part in self._sheets if title == wanted), None)
            if found is None:
                raise RowMisfit(1, f'the workbook has no sheet "{wanted}"')
            return found
        if wanted > len(self._sheets):
            raise RowMisfit(1, f"the workbook has {len(self._sheets)} sheets, and not {wanted}")
        return self._sheets[wanted - 1][1]

    def texts(self) -> list[str]:
        """Return the texts that cells refer to by number."""
        part = self._related("sharedStrings")
        return [] if part is None else [text_of(element) for element in self.elements(part, "si")]

    def styles(self) -> list[Style]:
        """Return the styles that cells refer to by number."""
        part = self._related("styles")
        codes: dict[int, str] = {}
        styles: list[Style] = []
        for element in self.elements(part, "numFmt", "cellXfs") if part is not None else ():
            if local_name(element) == "numFmt":
                codes[whole(element.get("numFmtId"))] = element.get("formatCode", "")
            else:
                styles = [style_of(whole(each.get("numFmtId", "0")), codes) for each in element]
        return styles

    def open(self, part: str) -> Any:
        """Return a part as a file."""
        name = self._names.get(part.casefold())
        if name is None:
            raise RowMisfit(1, f"{_NO_WORKBOOK}: it has no part {part}")
        return self._archive.open(name)

    def elements(self, part: str, *names: str) -> Iterator[Any]:
        """Give the elements of these names in a part, one after the other; each is let go of when the next is asked for."""
        from lxml import etree

        try:
            with self.open(part) as content:
                tags = [f"{{{space}}}{name}" for space in _MAIN for name in names]
                for _, element in etree.iterparse(content, tag=tags, resolve_entities=False, no_network=True):
                    yield element
                    element.clear()
                    while element.getprevious() is not None:
                        del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise RowMisfit(1, f"{_NO_WORKBOOK}: its part {part} is not XML") from error

    def _read_book(self, path: str) -> None:
        for element in self.elements(path, "workbookPr", "sheet"):
            if local_name(element) == "workbookPr":
                self.has_1904_dates = element.get("date1904", "") in {"1", "true", "on"}
                continue
            key = next((found for space in _RELATED if (found := element.get(f"{{{space}}}id"))), "")
            kind, target = self._relations_of_book.get(key, ("", ""))
            if kind == "worksheet":
                self._sheets.append((element.get("name", ""), target))

    def _related(self, kind: str) -> str | None:
        return next((target for its_kind, target in self._relations_of_book.values() if its_kind == kind), None)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return what a part (`""` stands for the whole file) refers to: the kind and the part, by id."""
        from lxml import etree

        folder, name = posixpath.split(part)
        path = self._names.get(f"{folder}/_rels/{name}.rels".lstrip("/").casefold())
        if path is None:
            return {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(self._archive.read(path), parser)
        except etree.XMLSyntaxError as error:
            raise RowMisfit(1, f"{_NO_WORKBOOK}: its part {path} is not XML") from error
        found: dict[str, tuple[str, str]] = {}
        for each in root.iterchildren("{*}Relationship"):
            if each.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/")
                found[each.get("Id", "")] = (each.get("Type", "").rpartition("/")[2], target)
        return found


def local_name(element: Any) -> str:
    """Return the name of an element without its namespace."""
    name: str = element.tag.rpartition("}")[2]
    return name


def text_of(element: Any) -> str:
    """Return the text of a shared or inline string: its runs, without how they are read aloud."""
    pieces = []
    for child in element:
        name = local_name(child)
        if name == "t":
            pieces.append(child.text or "")
        elif name == "r":
            pieces += [each.text or "" for each in child if local_name(each) == "t"]
    return unescaped("".join(pieces))


def unescaped(text: str) -> str:
    """Return a text with the characters that were escaped because XML cannot hold them, each escape looked at once."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def style_of(number: int, codes: dict[int, str]) -> Style:
    """Return what a number format shows."""
    code = codes.get(number)
    if code is None:
        return Style(is_date=number in _DATES, is_elapsed=number == 46)
    first = _UNSHOWN.sub("", code).partition(";")[0]
    if first.strip().lower() in {"general", "@", ""}:
        return _PLAIN
    elapsed = _ELAPSED.search(first) is not None
    return Style(is_date=elapsed or any(sign in first.lower() for sign in "dmyhsb"), is_elapsed=elapsed)


def whole(text: str | None) -> int:
    """Return a whole number of an attribute. Raises RowMisfit."""
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RowMisfit(1, f"{_NO_WORKBOOK}: it holds {text!r:.40} where a number belongs")
    return int(text)
