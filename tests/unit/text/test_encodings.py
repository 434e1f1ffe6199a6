"""The table of encodings and their labels."""

import codecs

import pytest

from microflow_runtime.text import UnknownEncoding, find_encoding
from microflow_runtime.text.encodings import NAMES


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ("UTF-8 utf8 UTF_8 unicode-1-1-utf-8", "UTF-8"),
        ("utf-16 UTF16 unicode ISO-10646-UCS-2", "UTF-16"),
        ("utf-16le UTF-16-LE utf_16_le", "UTF-16LE"),
        ("utf-16be utf-16-be", "UTF-16BE"),
        ("utf-32 UTF32", "UTF-32"),
        ("us-ascii ascii ANSI_X3.4-1968 iso646-us", "US-ASCII"),
        ("windows-874 cp874 CP-874 ms874 x-windows-874 dos-874", "windows-874"),
        ("TIS-620 tis620 TIS_620 tis-620-2533", "TIS-620"),
        ("ISO-8859-11 iso8859-11 iso_8859-11:2001", "ISO-8859-11"),
        ("ISO-8859-1 latin1 latin-1 l1 iso8859_1 ISO_8859-1:1987 cp819", "ISO-8859-1"),
        ("ISO-8859-15 latin9 latin-9 l9 iso8859-15", "ISO-8859-15"),
        ("windows-1252 cp1252 x-cp1252 CP-1252", "windows-1252"),
        ("windows-1251 cp1251", "windows-1251"),
        ("Shift_JIS shift-jis sjis x-sjis windows-31j cp932 MS_Kanji", "Shift_JIS"),
        ("GBK cp936", "GBK"),
        ("gb2312 GB_2312-80 euc-cn", "GB2312"),
        ("euc-kr ks_c_5601-1987 korean", "EUC-KR"),
        ("koi8-r KOI8_R koi", "KOI8-R"),
        ("IBM866 cp866", "IBM866"),
    ],
)
def test_labels(labels: str, name: str) -> None:
    """As the WHATWG and Python spell them, in any case and with any signs in between."""
    assert {find_encoding(label).name for label in labels.split()} == {name}


def test_every_encoding_is_found_and_has_its_codecs() -> None:
    """By its own name; what it is written as is read as the same."""
    for name in NAMES:
        encoding = find_encoding(name)
        assert encoding.name == name
        codecs.lookup(encoding.reads)
        assert "a1;\r\n".encode(encoding.writes).decode(encoding.reads).lstrip("\ufeff") == "a1;\r\n"


@pytest.mark.parametrize(
    ("label", "near"),
    [
        ("windows-875", "windows-874"),
        ("utf8x", "UTF-8"),
        ("tis-621", "TIS-620"),
        ("", ""),
        ("rot13", ""),
        ("unicode_escape", ""),
        ("idna", ""),
        ("\x00" * 100_000, ""),
    ],
)
def test_what_is_no_encoding_is_refused(label: str, near: str) -> None:
    """With the nearest name where there is one; codecs that are no encodings of text are none."""
    with pytest.raises(UnknownEncoding) as caught:
        find_encoding(label)
    assert caught.value.suggestion == near
    assert len(caught.value.reason) < 200
    assert "\x00" not in caught.value.reason
