"""What a content type declares."""

import pytest

from microflow_runtime.text import UnknownEncoding, declared_encoding, shown_text


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("", None),
        ("text/plain", None),
        ("text/plain; format=flowed", None),
        ("text/plain; xcharset=klingon", None),
        ("charset=klingon", None),
        ("text/plain; charset=utf-8", "UTF-8"),
        ('text/plain;CHARSET = "TIS-620"; x=y', "TIS-620"),
        ("text/plain; x=y;charset=windows-874;", "windows-874"),
        ("text/plain; charset=", ""),
        ("text/plain; charset", ""),
        ("text/plain; charset=klingon", ""),
        ("text/plain; charset=utf-8, text/html", ""),
    ],
)
def test_the_parameter_charset(content_type: str, name: str | None) -> None:
    """In any case, in quotes or not, among others; one that is empty is no encoding."""
    if name == "":
        with pytest.raises(UnknownEncoding):
            declared_encoding(content_type)
    else:
        found = declared_encoding(content_type)
        assert (found and found.name) == name


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        (b"\xa1", "text/html; charset=tis-620", "ก"),
        (b"\xef\xbb\xbfa\xff", "text/html", "a\\xff"),
        (b"a\xff", "text/html; charset=klingon", "a\\xff"),
        ("กx".encode("utf-16")[:-1], "", "ก\\x78"),
    ],
)
def test_what_is_shown_of_a_failure(content: bytes, content_type: str, text: str) -> None:
    """It is never itself an error, and shows wrong bytes by their numbers."""
    assert shown_text(content, content_type) == text
