"""Cutting formulas into tokens."""

import pytest

from microflow_runtime.feel.lexer import END, NUMBER, SYMBOL, TEXT, WORD, SyntaxFault, tokenize, unquote


def test_tokens_know_their_place() -> None:
    """Every token has its kind and its offsets; blanks and comments are left out."""
    text = 'amount>=1.5e3 /* a */ + "x" // end'
    tokens = tokenize(text)
    assert tokens.kinds == [WORD, SYMBOL, NUMBER, SYMBOL, TEXT, END]
    assert tokens.texts == ["amount", ">=", "1.5e3", "+", '"x"', ""]
    assert [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)] == tokens.texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("1..5", ["1", "..", "5"]), (".5", [".5"]), ("a.b", ["a", ".", "b"]), ("2**-3", ["2", "**", "-", "3"]), ("ราคา_1", ["ราคา_1"]), ("🐎+?", ["🐎", "+", "?"]),
        ("a\u00a0b\ufeff", ["a", "b"]), ("a->b", ["a", "->", "b"]), ("1.e", ["1", ".", "e"]), ('"a\\"b"', ['"a\\"b"']), ('"a\nb"', ['"a\nb"']),
    ],
)  # fmt: skip
def test_what_belongs_together(text: str, texts: list[str]) -> None:
    """The longest token is taken."""
    assert tokenize(text).texts[:-1] == texts


@pytest.mark.parametrize(
    ("text", "at"), [("a # b", 2), ("a & b", 2), ('a "b', 2), ("/*", 0), ("a ~", 2), ("\x00", 0), ("a $", 2)]
)
def test_what_is_no_token(text: str, at: int) -> None:
    """The first character that belongs to nothing is told."""
    with pytest.raises(SyntaxFault) as caught:
        tokenize(text)
    assert caught.value.fault.start == at


def test_a_lone_half_of_a_character_is_replaced() -> None:
    """Text never holds half a character, which could not be written anywhere."""
    assert unquote(r'"\ud83d"').encode("utf-8").decode("utf-8") == "\ufffd"
