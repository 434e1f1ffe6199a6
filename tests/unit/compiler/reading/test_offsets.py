"""Tests of the way from an offset in a value to a place in the file."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from microflow_runtime.compiler.reading.composer import Marks, compose
from microflow_runtime.compiler.reading.offsets import index_in_text

_LETTERS = st.text(alphabet=list("abกข้ü😀 ='\"#:-,{}[]\n\\"), min_size=1, max_size=60)


def _refuse(code: str, message: str, start: int, end: int, help: str = "") -> None:  # noqa: A002 - the protocol's
    raise AssertionError(f"{code} {message} at {start}:{end}")


@given(value=_LETTERS, style=st.sampled_from([None, "'", '"', "|", ">"]), width=st.integers(20, 80))
def test_every_solid_character_is_found(value: str, style: str | None, width: int) -> None:
    """Whatever the style, quoting, folding or indentation, a character of the value is found where it stands."""
    text = yaml.dump({"outer": {"key": value}}, default_style=style, allow_unicode=True, width=width, indent=3)
    marks = Marks({}, {})
    read = compose(text, _refuse, marks)["outer"]["key"]
    if not isinstance(read, str):
        return
    for offset, character in enumerate(read):
        if character in " \t\n":
            continue
        index = index_in_text(text, marks.values["outer", "key"], read, offset)
        assert text[index] == character or text[index] == "\\"


def test_an_offset_at_the_end_is_after_the_last_character() -> None:
    """A fault at the end of a formula points just behind it, also where line breaks follow."""
    text = "key: |\n  = a +\n\nnext: 1\n"
    marks = Marks({}, {})
    value = compose(text, _refuse, marks)["key"]
    assert index_in_text(text, marks.values["key",], value, len(value)) == text.index("+") + 1


def test_escapes_count_as_one_character() -> None:
    """An escape in double quotes stands for one character of the value."""
    text = 'key: "\\u0e01\\n\\"x"\n'
    marks = Marks({}, {})
    value = compose(text, _refuse, marks)["key"]
    assert text[index_in_text(text, marks.values["key",], value, value.index("x"))] == "x"
    assert index_in_text(text, marks.values["key",], value, value.index('"')) == text.index('\\"')
