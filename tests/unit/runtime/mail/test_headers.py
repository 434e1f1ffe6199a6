"""Headers, encoded once by us."""

import re
from email.header import decode_header, make_header
from email.message import Message
from email.utils import collapse_rfc2231_value, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as some

from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.runtime.mail import headers

TEXTS = some.text(some.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200) | some.text(
    some.sampled_from("=?utf8-q b64_\"\\<>,;@()%*'กä"), min_size=1, max_size=200
)
FOLDS = re.compile(r"\r\n(?=[ \t])")


def unfolded(value: str) -> str:
    """Take the folding away, after a look at the lengths and the ends of the lines."""
    assert all(len(line) <= 76 for line in ("x" * len("Subject: ") + value).split("\r\n"))
    plain = FOLDS.sub("", value)
    assert not re.search(r"[\x00-\x1f\x7f]", plain)
    return plain


def decoded(value: str) -> str:
    """Decode the words of a header, once."""
    return str(make_header(decode_header(value)))


@given(TEXTS)
def test_a_subject_is_read_back_as_it_was(text: str) -> None:
    """Decoded once, whatever it looks like."""
    assert decoded(unfolded(headers.subject(text))) == text


@given(TEXTS)
def test_a_name_is_read_back_as_it_was(text: str) -> None:
    """And it never becomes the address, or another one."""
    written = headers.addresses([MailAddress("suda@shop.example", text), MailAddress("n@shop.example")])
    first, second = FOLDS.sub("", written).rsplit(",", 1)
    assert second == " n@shop.example"
    name, _, address = first.rpartition(" ")
    assert address == "<suda@shop.example>"
    assert decoded(unquote(name)) == text


@given(TEXTS)
def test_the_name_of_a_file_is_read_back_as_it_was(text: str) -> None:
    """Without decoding words in it."""
    message = Message()
    message["Content-Disposition"] = unfolded(headers.attachment(text))
    found = message.get_param("filename", header="Content-Disposition")
    assert isinstance(found, str | tuple)
    assert collapse_rfc2231_value(found) == text
    if isinstance(found, str):
        assert decoded(found) == text


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\0b", "a\r\nBcc: x", "a\x7fb", "a\u2028b", "a\x85b"])
def test_no_control_character_gets_in(text: str) -> None:
    """Each way of writing a header refuses it."""
    for write in (
        lambda: headers.subject(text),
        lambda: headers.attachment(text),
        lambda: headers.token(text),
        lambda: headers.addresses([MailAddress("a@shop.example", text)]),
        lambda: headers.addresses([MailAddress(text)]),
    ):
        with pytest.raises(ValueError, match="a header holds"):
            write()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Your order 4711", "Your order 4711"),
        ("word " * 20 + "end", "word " * 12 + "word\r\n word word word word word word word end"),
        ("=?utf-8?q?hi?=", "=?utf-8?b?PT91dGYtOD9xP2hpPz0=?="),
        ("Größe", "=?utf-8?b?R3LDtsOfZQ==?="),
        ("two  spaces", "=?utf-8?q?two__spaces?="),
    ],
)
def test_a_plain_subject_stays_readable(text: str, written: str) -> None:
    """Only what has to be is encoded."""
    assert headers.subject(text) == written
