"""Workbooks as other programs write them: both forms of the standard, odd styles, references and cells."""

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.formats.test_xlsx import _layout

from microflow_runtime.errors import NodeError
from microflow_runtime.formats import RecordReader

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATED = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="[$-D07041E]d mmm bbbb"/><numFmt numFmtId="165" formatCode="0.0&quot; days&quot;"/>'
    '<numFmt numFmtId="166" formatCode="[h]:mm:ss"/><numFmt numFmtId="167" formatCode="[Red]0.00"/></numFmts><fills><fill/></fills>'
    '<cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/><xf numFmtId="10"/><xf numFmtId="167"/></cellXfs>'
)
DAY, MOMENT, TIME, THAI, QUOTED, ELAPSED, PERCENT, RED = range(1, 9)


def _book(
    rows: str,
    *,
    texts: str = "",
    main: str = _MAIN,
    related: str = _RELATED,
    target: str = "worksheets/sheet1.xml",
    book: str = "",
    prefix: str = "",
    folder: str = "xl/",
) -> bytes:
    """Return a workbook of one sheet; `rows` and `texts` are the insides of its parts."""
    colon, space = (f"{prefix}:", f'xmlns:{prefix}="{main}"') if prefix else ("", f'xmlns="{main}"')
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{related}/officeDocument" Target="{folder}workbook.xml"/></Relationships>',
        f"{folder}workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{related}">{book}<sheets><sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>',
        f"{folder}_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="s" Type="{related}/worksheet" Target="{target}"/>'
        f'<Relationship Id="t" Type="{related}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="y" Type="{related}/styles" Target="styles.xml"/></Relationships>',
        f"{folder}styles.xml": f'<styleSheet xmlns="{main}">{_STYLES}</styleSheet>',
        f"{folder}sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": f"<{colon}worksheet {space}>{rows}</{colon}worksheet>",
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return written.getvalue()


def _sheet(kind: str, cell: str, **more: Any) -> bytes:
    """Return a workbook whose sheet has one column, called after the kind of its field, and one cell below."""
    head = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{kind}</t></is></c></row>'
    return _book(f'<sheetData>{head}<row r="2">{cell}</row></sheetData>', **more)


def _read(content: bytes) -> list[dict[str, Any]]:
    return RecordReader(io.BytesIO(content), _layout(), "f").take(100)


def _value(kind: str, cell: str, **more: Any) -> Any:
    records = _read(_sheet(kind, cell, **more))
    value = records[0][kind] if records else None
    return value if value is None or isinstance(value, bool | Decimal | str) else str(value)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("date", f'<c r="A2" s="{DAY}"><v>46161</v></c>', "2026-05-19"),
        ("date", f'<c r="A2" s="{THAI}"><v>46161</v></c>', "2026-05-19"),
        ("date", f'<c r="A2" s="{DAY}"><v>59</v></c>', "1900-02-28"),
        ("date", f'<c r="A2" s="{DAY}"><v>61</v></c>', "1900-03-01"),
        ("date", f'<c r="A2" s="{DAY}"><v>1</v></c>', "1900-01-01"),
        ("date-time", f'<c r="A2" s="{MOMENT}"><v>46161.635416666664</v></c>', "2026-05-19T15:15:00"),
        ("date-time", f'<c r="A2" s="{MOMENT}"><v>46161.99999999999</v></c>', "2026-05-20T00:00:00"),
        ("time", f'<c r="A2" s="{TIME}"><v>0.3125</v></c>', "07:30:00"),
        ("duration", f'<c r="A2" s="{ELAPSED}"><v>1.5</v></c>', "P1DT12H"),
        ("date", '<c r="A2" t="d"><v>2026-05-19</v></c>', "2026-05-19"),
        ("date-time", '<c r="A2" t="d"><v>2026-05-19T15:15:00</v></c>', "2026-05-19T15:15:00"),
        ("date", '<c r="A2" t="str"><v>2026-05-19</v></c>', "2026-05-19"),
        ("decimal", f'<c r="A2" s="{QUOTED}"><v>1.5</v></c>', Decimal("1.5")),
        ("decimal", f'<c r="A2" s="{RED}"><v>1.5</v></c>', Decimal("1.5")),
        ("decimal", f'<c r="A2" s="{PERCENT}"><v>0.07</v></c>', Decimal("0.07")),
        ("decimal", '<c r="A2"><v>1.1000000000000001</v></c>', Decimal("1.1")),
        ("decimal", '<c r="A2"><v>0.30000000000000004</v></c>', Decimal("0.30000000000000004")),
        ("decimal", '<c r="A2"><v>1.2E-3</v></c>', Decimal("0.0012")),
        ("decimal", '<c r="A2" t="str"><v>12.50</v></c>', Decimal("12.50")),
        ("string", '<c r="A2"><v>812345678</v></c>', "812345678"),
        ("string", '<c r="A2"><v>12345678901234567890</v></c>', "12345678901234567890"),
        ("string", '<c r="A2" t="s"><v>0</v></c>', "rich text"),
        ("string", '<c r="A2" t="s"><v>1</v></c>', "a\rb"),
        ("string", '<c r="A2" t="s"><v>2</v></c>', "a_x000D_b"),
        ("string", '<c r="A2" t="s"><v>3</v></c>', "_x005F_x000D_"),
        ("string", '<c r="A2" t="inlineStr"><is><r><t>in</t></r><r><t>line_x0021_</t></r></is></c>', "inline!"),
        ("string", '<c r="A2" t="str"><v>a_x000A_b</v></c>', "a\nb"),
        ("string", '<c t="str"><v>no place</v></c>', "no place"),
        ("string", '<c r="A2" s="1"/>', None),
        ("boolean", '<c r="A2" t="b"><v>1</v></c>', True),
    ],
)
def test_a_cell_is_what_it_says(kind: str, cell: str, value: Any) -> None:
    """Dates by their style, texts with each escape decoded once, numbers as they were meant."""
    texts = (
        "<si><r><rPr/><t>rich </t></r><r><t>text</t></r><rPh sb='0' eb='1'><t>aloud</t></rPh></si><si><t>a_x000D_b</t></si>"
        "<si><t>a_x005F_x000D_b</t></si><si><t>_x005F_x005F_x005F_x000D_</t></si>"
    )
    assert _value(kind, cell, texts=texts) == value
    strict = {"main": _STRICT, "related": _STRICT_RELATED}
    assert _value(kind, cell, texts=texts, **strict) == value


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        ("date", f'<c r="A2" s="{DAY}"><v>60</v></c>', 'row 2, column "date": expected a date, found 1900-02-29, a day that never was'),
        ("date", f'<c r="A2" s="{DAY}"><v>-5</v></c>', "expected a date"),
        ("date", f'<c r="A2" s="{DAY}"><v>99999999</v></c>', "expected a date"),
        ("decimal", '<c r="A2" t="e"><v>#DIV/0!</v></c>', 'column "decimal": expected a value, found the error #DIV/0! of a formula'),
        ("string", '<c r="A2" t="e"><v>#N/A</v></c>', 'column "string": expected a value, found the error #N/A'),
        ("decimal", '<c r="A2"><v>NaN</v></c>', "expected a number"),
        ("decimal", '<c r="A2"><v>1_0</v></c>', "expected a number"),
        ("string", '<c r="A2" t="s"><v>7</v></c>', "expected the number of a text, found 7, and there are 0"),
        ("string", '<c r="B2"><v>1</v></c><c r="A2"><v>1</v></c>', "the cell A2 stands behind those that come after it"),
        ("string", '<c r="XFE2"><v>1</v></c>', "there is no cell XFE2"),
        ("string", '<c r="A2" s="x"><v>1</v></c>', "where a number belongs"),
    ],
)  # fmt: skip
def test_what_a_cell_cannot_be(kind: str, cell: str, said: str) -> None:
    """Is told with its row and place, and never read as something else."""
    with pytest.raises(NodeError) as caught:
        _read(_sheet(kind, cell))
    assert said in caught.value.message
    assert "row 2" in caught.value.message or "row 1" in caught.value.message


def test_the_other_way_to_count_days() -> None:
    """Old programs for other machines count from 1904."""
    cell = f'<c r="A2" s="{DAY}"><v>44699</v></c>'
    assert _value("date", cell, book='<workbookPr date1904="1"/>') == "2026-05-19"
    assert _value("date", cell, book='<workbookPr date1904="false"/>') == "2022-05-18"


@pytest.mark.parametrize(
    "more",
    [
        {"target": "/xl/worksheets/sheet1.xml"},
        {"target": "../xl/worksheets/sheet1.xml"},
        {"target": "worksheets/SHEET1.xml"},
        {"folder": "other/", "target": "../xl/worksheets/sheet1.xml"},
    ],
)
def test_where_parts_lie(more: dict[str, Any]) -> None:
    """A part is named from its own folder, or from the root, in any case of letters."""
    assert _value("string", '<c r="A2" t="str"><v>x</v></c>', **more) == "x"


def test_elements_under_a_prefix_and_gaps() -> None:
    """Rows and cells that are left out are nothing; the size that a sheet says of itself does not matter."""
    rows = (
        '<x:dimension ref="A1:A1"/><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>string</x:t></x:is></x:c>'
        '<x:c r="C1" t="inlineStr"><x:is><x:t>decimal</x:t></x:is></x:c></x:row><x:row r="9"><x:c r="C9"><x:v>1</x:v></x:c></x:row>'
        '<x:row><x:c t="str"><x:v>y</x:v></x:c></x:row></x:sheetData>'
    )
    first, second = _read(_book(rows, prefix="x"))
    assert (first["string"], first["decimal"], second["string"]) == (None, 1, "y")


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_part_that_is_not_xml_is_named(part: str) -> None:
    """With the part; one that is not there is named too."""
    content = _sheet("string", '<c r="A2" t="str"><v>x</v></c>')
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(written, "w") as made:
        for name in book.namelist():
            made.writestr(name, b"<a><b></a>" if name == part else book.read(name))
    with pytest.raises(NodeError, match="is not XML"):
        _read(written.getvalue())
    with pytest.raises(NodeError, match=r"has no part xl/nowhere\.xml"):
        _read(_sheet("string", "", target="nowhere.xml"))


def test_a_bad_cell_that_no_field_reads_is_nothing() -> None:
    """Notes beside a table keep nobody from reading it."""
    rows = (
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>string</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><v>x</v></c><c r="B2" t="e"><v>#N/A</v></c><c r="C2"><v>NaN</v></c></row></sheetData>'
    )
    assert _read(_book(rows))[0]["string"] == "x"
