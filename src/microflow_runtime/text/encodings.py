"""The one table of encodings: the names by which senders call them, and how each is read and written.

The labels are those of the WHATWG Encoding Standard and of Python, compared without case and without signs between their
letters and digits. Why some are read by a wider table than they are written: docs/decisions/0170-one-table-of-encodings.md.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

_SIGNS: Final = re.compile(r"[^a-z0-9]+")
_MOST_CHARACTERS: Final = 64
_LEAST_LIKENESS: Final = 60


class Encoding(msgspec.Struct, frozen=True):
    """One encoding. `reads` and `writes` are codecs of the standard library.

    `has_mark` tells that what is written begins with a byte order mark.
    """

    name: str
    reads: str
    writes: str
    has_mark: bool = False


class BrokenText(Exception):
    """Bytes are no text that we take. `reason` is the rest of a sentence that begins with what they are."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownEncoding(BrokenText):
    """What is declared is no encoding of the table. `suggestion` is the nearest name, `""` when none is near."""

    def __init__(self, label: str) -> None:
        shown = "".join(each if each.isprintable() else "?" for each in label[:_MOST_CHARACTERS])
        self.suggestion = _nearest(label[:_MOST_CHARACTERS])
        near = f' (did you mean "{self.suggestion}"?)' if self.suggestion else ""
        super().__init__(f'has an encoding that is not known: "{shown}"{near}')


def _same(name: str, codec: str, *labels: str) -> tuple[Encoding, tuple[str, ...]]:
    return Encoding(name, codec, codec), labels


def _wider(name: str, reads: str, writes: str, *labels: str) -> tuple[Encoding, tuple[str, ...]]:
    return Encoding(name, reads, writes), labels


UTF_8: Final = Encoding("UTF-8", "utf-8", "utf-8")

_TABLE: Final[tuple[tuple[Encoding, tuple[str, ...]], ...]] = (
    (UTF_8, ("utf8", "unicode11utf8", "unicode20utf8", "xunicode20utf8", "cp65001")),
    (Encoding("UTF-8-sig", "utf-8", "utf-8-sig", has_mark=True), ()),
    (
        Encoding("UTF-16", "utf-16-le", "utf-16", has_mark=True),
        ("unicode", "ucs2", "iso10646ucs2", "csunicode", "utf16"),
    ),
    _same("UTF-16LE", "utf-16-le", "unicodefeff", "cp1200"),
    _same("UTF-16BE", "utf-16-be", "unicodefffe", "cp1201"),
    (Encoding("UTF-32", "utf-32-le", "utf-32", has_mark=True), ("ucs4", "iso10646ucs4")),
    _same("UTF-32LE", "utf-32-le"),
    _same("UTF-32BE", "utf-32-be"),
    _same("US-ASCII", "ascii", "ascii", "ansix341968", "iso646us", "iso646irv1991", "646", "us", "cp20127"),
    _wider("ISO-8859-1", "cp1252", "latin-1", "latin1", "l1", "iso885911987", "ibm819", "cp819", "isoir100"),
    _same("ISO-8859-2", "iso8859-2", "latin2", "l2", "iso885921987", "isoir101"),
    _same("ISO-8859-3", "iso8859-3", "latin3", "l3", "iso885931988", "isoir109"),
    _same("ISO-8859-4", "iso8859-4", "latin4", "l4", "iso885941988", "isoir110"),
    _same("ISO-8859-5", "iso8859-5", "cyrillic", "iso885951988", "isoir144"),
    _same("ISO-8859-6", "iso8859-6", "arabic", "iso885961987", "asmo708", "ecma114", "isoir127"),
    _same("ISO-8859-7", "iso8859-7", "greek", "greek8", "iso885971987", "elot928", "ecma118", "isoir126"),
    _same("ISO-8859-8", "iso8859-8", "hebrew", "iso885981988", "iso88598e", "iso88598i", "logical", "isoir138"),
    _wider("ISO-8859-9", "cp1254", "iso8859-9", "latin5", "l5", "iso885991989", "isoir148"),
    _same("ISO-8859-10", "iso8859-10", "latin6", "l6", "iso8859101992", "isoir157"),
    _same("ISO-8859-13", "iso8859-13", "latin7", "l7"),
    _same("ISO-8859-14", "iso8859-14", "latin8", "l8"),
    _same("ISO-8859-15", "iso8859-15", "latin9", "l9", "csisolatin9"),
    _same("ISO-8859-16", "iso8859-16", "latin10", "l10"),
    _same("windows-874", "cp874", "cp874", "ms874", "xwindows874", "ibm874", "dos874"),
    _wider("TIS-620", "cp874", "tis-620", "tis6200", "tis62025290", "tis62025291", "tis6202533", "thai"),
    _wider("ISO-8859-11", "cp874", "iso8859-11", "iso8859112001", "isoir166"),
    _same("windows-1250", "cp1250", "cp1250", "xcp1250"),
    _same("windows-1251", "cp1251", "cp1251", "xcp1251"),
    _same("windows-1252", "cp1252", "cp1252", "xcp1252", "ansi"),
    _same("windows-1253", "cp1253", "cp1253", "xcp1253"),
    _same("windows-1254", "cp1254", "cp1254", "xcp1254"),
    _same("windows-1255", "cp1255", "cp1255", "xcp1255"),
    _same("windows-1256", "cp1256", "cp1256", "xcp1256"),
    _same("windows-1257", "cp1257", "cp1257", "xcp1257"),
    _same("windows-1258", "cp1258", "cp1258", "xcp1258"),
    _same("cp437", "cp437", "ibm437", "437"),
    _same("cp850", "cp850", "ibm850", "850"),
    _same("cp852", "cp852", "ibm852", "852"),
    _same("cp858", "cp858", "ibm858", "ibm00858", "858"),
    _same("IBM866", "cp866", "cp866", "866"),
    _same("KOI8-R", "koi8-r", "koi", "koi8", "cskoi8r"),
    _same("KOI8-U", "koi8-u", "koi8ru"),
    _same("macintosh", "mac-roman", "mac", "xmacroman", "macroman"),
    _same("Shift_JIS", "cp932", "sjis", "xsjis", "mskanji", "windows31j", "ms932", "cp932", "csshiftjis"),
    _same("EUC-JP", "euc-jp", "xeucjp", "ujis"),
    _same("ISO-2022-JP", "iso2022-jp", "csiso2022jp"),
    _wider("EUC-KR", "cp949", "euc-kr", "ksc56011987", "ksc56011989", "ksc5601", "korean", "isoir149"),
    _same("cp949", "cp949", "windows949", "uhc", "ms949"),
    _wider("GB2312", "gb18030", "gb2312", "gb231280", "chinese", "euccn", "xgbk", "isoir58"),
    _wider("GBK", "gb18030", "gbk", "cp936", "ms936", "windows936"),
    _same("GB18030", "gb18030", "gb180302000"),
    _same("Big5", "cp950", "cp950", "ms950", "big5tw", "xxbig5", "cnbig5"),
    _same("Big5-HKSCS", "big5hkscs", "big5hkscs"),
)
_BY_LABEL: Final[Mapping[str, Encoding]] = {
    label: encoding for encoding, labels in _TABLE for label in (_SIGNS.sub("", encoding.name.lower()), *labels)
}
NAMES: Final = tuple(encoding.name for encoding, _ in _TABLE)
"""The names of all encodings, as faults and pages spell them."""


def find_encoding(label: str) -> Encoding:
    """Give the encoding of a label. Raises UnknownEncoding."""
    found = _BY_LABEL.get(_SIGNS.sub("", label[:_MOST_CHARACTERS].lower()))
    if found is None:
        raise UnknownEncoding(label)
    return found


def _nearest(label: str) -> str:
    from rapidfuzz import fuzz, process

    found = process.extractOne(label, NAMES, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_LEAST_LIKENESS)
    return "" if found is None else str(found[0])
