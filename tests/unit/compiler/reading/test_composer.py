"""Tests of reading YAML by events."""

import pytest

from microflow_runtime.compiler.reading.composer import MAX_DEPTH, Marks, Unreadable, compose


class _Reports:
    def __init__(self) -> None:
        self.codes: list[str] = []
        self.helps: list[str] = []
        self.spans: list[tuple[int, int]] = []

    def __call__(self, code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002 - the protocol's
        assert message
        self.codes.append(code)
        self.helps.append(help)
        self.spans.append((start, end))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "MF-D007"),
        ("# only a remark\n", "MF-D007"),
        ("- a\n", "MF-D007"),
        ("text\n", "MF-D007"),
        ("a: 1\n---\nb: 2\n", "MF-D007"),
        ("a: [1\n", "MF-D001"),
        ("a: b: c\n", "MF-D001"),
        ("a: @x\n", "MF-D001"),
        ("\ta: 1\n", "MF-D001"),
        ("? {a: 1}\n: 2\n", "MF-D005"),
        ("*a : 2\n", "MF-D005"),
        ("!!str a: 2\n", "MF-D005"),
        ("a: " + "[" * (MAX_DEPTH + 1), "MF-D003"),
        ("a: " + "{a: " * 100_000, "MF-D003"),
    ],
)
def test_a_text_that_cannot_be_read(text: str, code: str) -> None:
    """What is no single mapping is reported once, and reading ends."""
    reports = _Reports()
    with pytest.raises(Unreadable):
        compose(text, reports)
    assert reports.codes == [code]


def test_reading_goes_on_after_what_can_be_skipped() -> None:
    """Duplicate keys, tags, anchors, aliases and ambiguous numbers are all reported at once."""
    reports = _Reports()
    data = compose("a: 1\na: 2\nb: &x 3\nc: *x\nd: !!str 4\ne: 0812345678\n<<: 5\n", reports)
    assert reports.codes == ["MF-D004", "MF-D005", "MF-D005", "MF-D005", "MF-D006"]
    assert data["a"] == 1
    assert data["<<"] == 5


def test_depth_at_the_limit_is_read() -> None:
    """Fifty levels are fine; the mapping of the file is the first."""
    reports = _Reports()
    compose("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), reports)
    assert reports.codes == []


def test_keys_are_text() -> None:
    """A key is what was written, whatever it looks like."""
    assert list(compose("no: 1\n12: 2\ntrue: 3\n~: 4\n", _Reports())) == ["no", "12", "true", "~"]


def test_the_help_knows_what_people_run_into() -> None:
    """The optional list without quotes, and the colon inside a value, get a hint."""
    for text, word in (("a: [X]?\n", '"[X]?"'), ("a: if b: c\n", "quotes"), ("a:\n\t- x\n", "spaces")):
        reports = _Reports()
        with pytest.raises(Unreadable):
            compose(text, reports)
        assert word in reports.helps[0]


def test_marks_lead_to_keys_and_values() -> None:
    """Every key and value has a mark, by its path."""
    text = "a:\n  - {b: 'x'}\n"
    marks = Marks({}, {})
    compose(text, _Reports(), marks)
    value, key = marks.values["a", 0, "b"], marks.keys["a", 0, "b"]
    assert text[value.start : value.end] == "'x'"
    assert text[key.start : key.end] == "b"
