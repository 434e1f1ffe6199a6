"""Text for URLs, base64, digests, UUIDs."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import STRING, FormulaFaults, check, evaluate, set_random_source
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.encodings import digest, from_base64, to_base64, url_decode, url_encode

texts = some.text(some.characters(exclude_categories=["Cs"]))


@given(texts)
def test_what_is_encoded_is_decoded(text: str) -> None:
    """Any text comes back, and an address holds what was encoded as it is."""
    assert url_decode(url_encode(text)) == text
    assert from_base64(to_base64(text)) == text
    assert not set(url_encode(text)) & set(" /?#&=+:;@")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('url decode("%")', "two hex digits"), ('url decode("%zz")', "two hex digits"), ('url decode("%ff")', "no UTF-8 text: a wrong byte at position 1"),
        ('from base64("a")', "not base64"), ('from base64("a b=")', "not base64"), ('from base64("/w==")', "no UTF-8 text"), ('from base64("ü")', "not base64"),
        ('hash("a", s)', "no digest 'crc'; there are md5, sha-1, sha-256"), ('hmac("a", "k", s)', "no digest"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(text: str, message: str) -> None:
    """A sentence, never another library's error nor another value."""
    with pytest.raises(FeelError, match=message):
        check(text, {"s": STRING}).bind({"s": 0})(["crc"])


def test_half_a_character_is_told() -> None:
    """Python's texts may hold one; UTF-8 cannot."""
    for write in (url_encode, to_base64, digest):
        with pytest.raises(Failure, match="half a character at position 2"):
            write("a\ud800")


def test_a_digest_that_does_not_exist_is_a_fault_of_the_formula() -> None:
    """It is told before anything runs."""
    with pytest.raises(FormulaFaults) as caught:
        check('hash("a", "sha-3")', {})
    assert "no digest 'sha-3'" in caught.value.faults[0].message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('hash("abc", "SHA-1")', "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ('string length(hash("", "sha-512"))', 128),
        ('hmac("", "", "md5")', "74e6f7298a9c2d168935f58c001bad88"),
        ("hash(null)", None),
    ],
)
def test_digests(text: str, wanted: object) -> None:
    """By the vectors of their standards; null stays null."""
    assert evaluate(text, {}).value == wanted


def test_a_uuid_is_of_the_source_and_another_each_time() -> None:
    """Tests give the chance; without them each call differs, also in one formula and in a bound one."""
    make = check("[uuid(), uuid()]", {}).bind({})
    first, second = make([])
    assert first != second
    assert make([])[0] not in {first, second}
    set_random_source(lambda count: bytes(range(count)))
    try:
        assert make([]) == ["00010203-0405-4607-8809-0a0b0c0d0e0f"] * 2
    finally:
        set_random_source()
