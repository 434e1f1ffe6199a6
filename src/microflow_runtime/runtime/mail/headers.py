"""Headers of a mail, encoded once by us. Python's own classes read what they are given and decode words in it (RFC 2047)."""

import re
from collections.abc import Iterable
from email.header import Header
from typing import Final
from urllib.parse import quote

from microflow_runtime.model.mail_address import MailAddress

_LINE: Final = 76
_MOST_WORD: Final = 60
_MOST_PIECE: Final = 45
_PLAIN: Final = re.compile(rf"[!-~]{{1,{_MOST_WORD}}}(?: [!-~]{{1,{_MOST_WORD}}})*")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTABLE: Final = re.compile(r"[ -~]+")
_SIMPLE_NAME: Final = re.compile(rf"[A-Za-z0-9 !#$&'()+,.;=@^_`{{}}~-]{{1,{_MOST_PIECE}}}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ENCODED: Final = "=?"
"""What every encoded word begins with: no text of a caller stands in a header as it is when it holds that."""
_FOLD: Final = "\r\n "


class Written(str):
    """The value of a header as it goes over the network, folded, its lines parted by CR LF and a space."""

    __slots__ = ()


def subject(text: str) -> Written:
    """Write a text that people read. Raises ValueError for a control character."""
    _check(text)
    if text and _ENCODED not in text and _PLAIN.fullmatch(text):
        return Written(_folded(text.split(" "), " ", start=len("Subject: ")))
    return Written(_encoded_words(text))


def addresses(found: Iterable[MailAddress]) -> Written:
    """Write mailboxes, each with the name that is shown for it. Raises ValueError for a control character."""
    return Written(f",{_FOLD}".join(map(_mailbox, found)))


def attachment(name: str) -> Written:
    """Write that a part is a file of this name (RFC 2183), by percent escapes where readers could see more in it (RFC 2231).

    Raises ValueError for a control character.
    """
    _check(name)
    if _ENCODED not in name and _SIMPLE_NAME.fullmatch(name):
        return Written(f'attachment; filename="{name}"')
    return Written(_folded(["attachment", *_extended("filename", name)], "; ", start=_LINE))


def token(text: str) -> Written:
    """Write what we made ourselves, as the id of a mail. Raises ValueError for what is not printable ASCII."""
    if not _QUOTABLE.fullmatch(text):
        raise ValueError("a header holds what is not printable ASCII")
    return Written(text)


def _check(text: str) -> None:
    if _CONTROL.search(text):
        raise ValueError("a header holds a control character")


def _mailbox(found: MailAddress) -> str:
    _check(found.name + found.address)
    if not found.name:
        return found.address
    if _ENCODED in found.name or not _QUOTABLE.fullmatch(found.name):
        return f"{_encoded_words(found.name)}{_FOLD}<{found.address}>"
    name = found.name
    if not _ATOMS.fullmatch(name):
        escaped = re.sub(r'(["\\])', r"\\\1", name)
        name = f'"{escaped}"'
    return f"{name} <{found.address}>"


def _encoded_words(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=_LINE, header_name="Reply-To").encode(linesep="\r\n")


def _extended(key: str, value: str) -> Iterable[str]:
    """Give the parameters that carry a value in pieces of bounded length, each of whole characters."""
    pieces = [""]
    for escaped in (quote(character, safe="") for character in value):
        if len(pieces[-1]) + len(escaped) > _MOST_PIECE:
            pieces.append("")
        pieces[-1] += escaped
    if len(pieces) == 1:
        return [f"{key}*=utf-8''{pieces[0]}"]
    first, *others = pieces
    return [f"{key}*0*=utf-8''{first}", *(f"{key}*{index}*={each}" for index, each in enumerate(others, 1))]


def _folded(words: Iterable[str], between: str, *, start: int) -> str:
    """Put words on lines of at most 76 characters; where a line ends, the space of `between` begins the next."""
    written = ""
    column = start
    for word in words:
        if not written:
            written, column = word, column + len(word)
        elif column + len(between) + len(word) <= _LINE:
            written, column = f"{written}{between}{word}", column + len(between) + len(word)
        else:
            written, column = f"{written}{between.rstrip()}{_FOLD}{word}", 1 + len(word)
    return written
