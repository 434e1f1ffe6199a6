"""Whatever a file of decisions holds, it is read or told of."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.decision_flows import lines_of
from tests.unit.dmn_files import decision, definitions, input_data, item, literal, table

_RULES = (['< 5, "x"', "1", '"a"'], ["[1..3]", "", "x + 1"])
_GOOD = definitions(
    item("tSmall", "number", "[0..9]"),
    input_data("x", "tSmall"),
    decision("B", table(["x"], ["n: number", "s: string"], *_RULES, hit="COLLECT"), "x"),
    decision("A", literal("count(B) + x"), "!B", "x", type_ref="number"),
)
_SCRAPS = st.sampled_from(
    [
        b"<",
        b">",
        b"/",
        b'"',
        b"&",
        b"\xff",
        b"text",
        b"rule",
        b"A",
        b"!",
        b"(",
        b"..",
        b"\n",
        b"tSmall",
        b"#_B",
        b"feel",
    ]
)
_EDITS = st.lists(
    st.tuples(st.integers(0, len(_GOOD)), st.integers(0, 12), st.one_of(st.just(b""), _SCRAPS)), min_size=1, max_size=4
)


@given(_EDITS)
@settings(max_examples=100)
def test_a_spoilt_file_is_told_of(edits: list[tuple[int, int, bytes]]) -> None:
    """Bytes that are cut out, put in or changed give faults with codes, never an exception."""
    content = _GOOD
    for at, cut, put in edits:
        content = content[:at] + put + content[at + cut :]
    found = lines_of("file: files/a.dmn\ndecision: A\nin: {x: = In.amount}\n", files={"files/a.dmn": content})
    assert all(line.startswith("MF-") for line in found)


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_are_told_of(content: bytes) -> None:
    """They are no DMN."""
    (line,) = lines_of("file: files/a.dmn\ndecision: A\nin: {x: = In.amount}\n", files={"files/a.dmn": content})
    assert line.startswith(("MF-D181", "MF-D182"))
