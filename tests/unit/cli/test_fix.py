"""Rewriting the vendor's spellings in files."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.small_apps import faults_of
from typer.testing import CliRunner

from microflow_runtime.cli.fix import MAX_ROUNDS, is_mendable, mend, mend_text
from microflow_runtime.cli.main import app
from microflow_runtime.errors import Fault, Place

THING = "business_object: Thing\nfields: {a: boolean, b: boolean, n: decimal, m: decimal, s: string}\n"
FLOW = """microflow: F
id: the-flow
inputs: {In: Thing}
outputs: {Out: Thing}
nodes:
  Start: {type: start, next: A}
  A:
    type: gateway
    links:
      - LINK
      - {otherwise: true, to: End}
  End: {type: end}
"""


def mended(link: str, *, line_end: str = "\n") -> tuple[str, int]:
    """Mend a link of a flow until nothing is left to mend; give the link, and how many rounds changed something.

    What is around the link has to stay as it is.
    """
    head, tail = (part.replace("\n", line_end) for part in FLOW.split("LINK"))
    text = head + link.replace("\n", line_end) + tail
    for rounds in range(MAX_ROUNDS):
        faults = faults_of(THING, files={"microflows/F.yaml": text.encode()})
        text, changes = mend_text(text, faults)
        if not changes:
            assert [fault.one_line() for fault in faults if is_mendable(fault)] == []
            assert text.startswith(head)
            assert text.endswith(tail)
            found = text[len(head) : len(text) - len(tail)]
            assert found.count("\r") == (found.count("\n") if line_end == "\r\n" else 0)
            return found.replace("\r", ""), rounds
    raise AssertionError(text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ("{when: = In.a && In.b, to: End}", "{when: = In.a and In.b, to: End}"),
        ("{when: = In.a&&In.b||In.a, to: End}", "{when: = In.a and In.b or In.a, to: End}"),
        ("{when: = In.n == In.m x 2, to: End}", "{when: = In.n = In.m * 2, to: End}"),
        ("{when: = In.a & In.b | In.a, to: End}", "{when: = In.a and In.b or In.a, to: End}"),
        ("{when: = !In.a, to: End}", "{when: = not(In.a), to: End}"),
        ("{when: = ! (In.a or In.b), to: End}", "{when: = not(In.a or In.b), to: End}"),
        ('{when: "= In.s == \\"x\\"", to: End}', '{when: "= In.s = \\"x\\"", to: End}'),
        ('{when: "= In.a \\u0026\\x26 In.b", to: End}', '{when: "= In.a and In.b", to: End}'),
        ('{when: "= !ends with(In.s, \\"\\\\n\\\\\\"\\")", to: End}', '{when: "= not(ends with(In.s, \\"\\\\n\\\\\\"\\"))", to: End}'),
        ("{when: '= !(In.s == \"it''s\") && In.a', to: End}", "{when: '= not(In.s = \"it''s\") and In.a', to: End}"),
        (
            '{label: ภาษาไทย, when: "= In.s == \\"ก้น\\" && !In.a", to: End}',
            '{label: ภาษาไทย, when: "= In.s = \\"ก้น\\" and not(In.a)", to: End}',
        ),
        (
            "when: >-  # why\n          = !In.a\n          &&\n            ! (In.b\n            ||   In.a)\n        to: End",
            "when: >-  # why\n          = not(In.a)\n          and\n            not(In.b\n            or   In.a)\n        to: End",
        ),
        (
            "when: |\n          = In.a &&  // both\n            !In.b\n        to: End",
            "when: |\n          = In.a and  // both\n            not(In.b)\n        to: End",
        ),
        ("when: = In.a ||\n          In.b\n        to: End", "when: = In.a or\n          In.b\n        to: End"),
        ('when: "= In.a &\\\n          & In.b"\n        to: End', 'when: "= In.a and In.b"\n        to: End'),
    ],
)  # fmt: skip
def test_a_spelling_is_rewritten_where_it_stands(link: str, wanted: str, line_end: str) -> None:
    """In plain text, quotes and blocks, with any end of line; everything else stays as it is."""
    assert mended(link, line_end=line_end)[0] == wanted


def test_one_inside_another_takes_a_round_each() -> None:
    """The inner is mended first, and the outer on what came of it."""
    assert mended("{when: = !!(In.a == !In.b), to: End}") == ("{when: = not(not(In.a = not(In.b))), to: End}", 3)


def test_texts_and_comments_are_left_alone() -> None:
    """What looks like a spelling inside a text of the formula, or outside formulas, is none."""
    link = '{label: "a && b", when: "= In.s = \\"!a && b == c\\"", to: End}  # a && b'
    assert mended(link) == (link, 0)


def test_a_guess_is_not_written() -> None:
    """The nearest name of a key is a suggestion for a person."""
    (fault,) = (
        fault for fault in faults_of(THING, FLOW.replace("LINK", "{wen: = true, to: End}")) if fault.replacement
    )
    assert (fault.replacement, is_mendable(fault)) == ("when", False)


def test_a_fault_that_no_longer_fits_the_text_changes_nothing() -> None:
    """A file that was changed after the check is not damaged."""
    fault = Fault(
        code="MF-F012", message="", place=Place("f.yaml", 1, 6, 8), found="&&", replacement="and", expected="and"
    )
    assert mend_text("key: = a or b\n", [fault]) == ("key: = a or b\n", [])
    for text in ("key: [ && ]\n", "key: 12345\n", "", "key: {a: 1, b: && }\n", "- &&"):
        assert mend_text(text, [fault]) == (text, [])
    assert mend_text("\n", [msgspec.structs.replace(fault, place=Place("f.yaml", 7, 1, 2))]) == ("\n", [])


def test_bytes_around_are_kept(tmp_path: Path) -> None:
    """A byte order mark, mixed ends of lines and a missing last one stay."""
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: = x && y\nc: 2\r\n# \xe0\xb8\x81")
    fault = Fault(
        code="MF-F012", message="", place=Place(str(file), 2, 8, 10), found="&&", replacement="and", expected="and"
    )
    (change,) = mend([fault])
    assert file.read_bytes() == b"\xef\xbb\xbfa: 1\r\nb: = x and y\nc: 2\r\n# \xe0\xb8\x81"
    assert (change.line, change.column, change.before, change.after) == (2, 8, "&&", "and")


def write(folder: Path, link: str) -> Path:
    """Write an app with one flow; give the flow's file."""
    for name, text in (("app.yaml", "app: Shop\nversion: v.1.0.0\n"), ("business_objects/Thing.yaml", THING)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    file = folder / "microflows" / "F.yaml"
    file.parent.mkdir()
    file.write_text(FLOW.replace("LINK", link))
    return file


def test_the_command_tells_what_it_changed_and_what_is_left(tmp_path: Path) -> None:
    """Changes go to standard error, what a person has to mend to standard output with code 1."""
    file = write(tmp_path, "{when: = !In.a && In.x, to: End}")
    found = CliRunner().invoke(app, ["check", "--fix", "--app", str(tmp_path), "--output", "concise"])
    assert "{when: = not(In.a) and In.x, to: End}" in file.read_text()
    assert found.stderr == f"{file}:10:18: `!In.a` is now `not(In.a)`\n{file}:10:24: `&&` is now `and`\n"
    assert found.exit_code == 1
    assert [line.split(" ")[1] for line in found.stdout.splitlines()] == ["MF-F003"]


def test_without_the_option_nothing_is_written(tmp_path: Path) -> None:
    """A check only reads."""
    file = write(tmp_path, "{when: = In.a && In.b, to: End}")
    before = file.read_bytes()
    found = CliRunner().invoke(app, ["check", "--app", str(tmp_path)])
    assert found.exit_code == 1
    assert "write `and`" in found.stdout
    assert file.read_bytes() == before


def test_a_mended_app_is_without_fault(tmp_path: Path) -> None:
    """When all was mended the code is 0, and a second run has nothing to do."""
    file = write(tmp_path, "{when: = In.a || In.b, to: End}")
    first = CliRunner().invoke(app, ["check", "--fix", "--app", str(tmp_path)])
    assert (first.exit_code, first.stdout) == (0, "No faults.\n")
    after = file.read_bytes()
    second = CliRunner().invoke(app, ["check", "--fix", "--app", str(tmp_path)])
    assert (second.exit_code, second.stderr) == (0, "")
    assert file.read_bytes() == after


def test_a_file_that_cannot_be_written_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the file's name and the reason."""
    file = write(tmp_path, "{when: = In.a || In.b, to: End}")

    def refuse(path: Path, content: bytes) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    found = CliRunner().invoke(app, ["check", "--fix", "--app", str(tmp_path)])
    assert found.exit_code == 2
    assert found.stderr == f"microflow: {file} cannot be rewritten: Permission denied\n"
