"""Addresses of mail: what may be one, and the form it has on the wire."""

import re
import unicodedata
from typing import Final

import msgspec

_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_NAMED: Final = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MOST_LOCAL: Final = 64
_MOST: Final = 254
_MOST_NAME: Final = 200


class MailAddress(msgspec.Struct, frozen=True):
    """A mailbox, with the domain in its ASCII form, and the name that is shown for it."""

    address: str
    name: str = ""


def read_address(text: str, name: str = "") -> MailAddress:
    """Read one address, `suda@shop.example` or `Suda <suda@shop.example>`. A `name` given beside it is the one shown.

    Raises ValueError, which says what is wrong with it: a list of addresses is not one.
    """
    stripped = text.strip()
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in stripped + name):
        raise ValueError("it holds a control character")
    match = _NAMED.fullmatch(stripped)
    if match is not None:
        stripped, name = match["address"].strip(), name or _unquoted(match["name"].strip())
    if len(name) > _MOST_NAME:
        raise ValueError(f"its name has more than {_MOST_NAME} characters")
    local, at, domain = stripped.rpartition("@")
    if not at:
        raise ValueError("it has no `@`")
    if not _is_local(local):
        raise ValueError("what stands before its `@` is no mailbox")
    if "=?" in local:
        raise ValueError("readers of mail would decode what stands before its `@`")
    address = f"{local}@{_ascii_domain(domain)}"
    if len(address.encode()) > _MOST:
        raise ValueError(f"it has more than {_MOST} bytes")
    return MailAddress(address, name)


def _unquoted(name: str) -> str:
    quoted = _QUOTED.fullmatch(name)
    return re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else name


def _is_local(text: str) -> bool:
    """Tell whether a text is made of atoms with single dots between; letters beyond ASCII are among them (RFC 6531)."""
    if len(text.encode()) > _MOST_LOCAL:
        return False
    plain = "".join("x" if ord(each) > 127 and unicodedata.category(each)[0] in "LMN" else each for each in text)
    return all(_ATOM.fullmatch(atom) for atom in plain.split("."))


def _ascii_domain(domain: str) -> str:
    lowered = unicodedata.normalize("NFC", domain.lower())
    try:
        text = lowered.encode("idna").decode() if lowered else ""
        if text.encode().decode("idna") != lowered and text != lowered:
            raise ValueError("its domain has letters that change on the way; write it as xn--…")
    except UnicodeError as error:
        raise ValueError("its domain is none") from error
    if not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise ValueError("its domain is none")
    return text
