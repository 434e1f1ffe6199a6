"""Functions that write text in another way, and back: for URLs, base64 and digests. None is of the standard."""

import base64
import binascii
import hashlib
import hmac as keyed
import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes
from uuid import UUID

from microflow_runtime.feel import limits
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import CAMUNDA, OURS, BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.random_source import random_bytes
from microflow_runtime.feel.types import STRING

_ALGORITHMS: Final = {"md5": "md5", "sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_LONE_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def url_encode(text: str) -> str:
    """Write a text as a part of an address: all but letters, digits and `-._~` as `%` and two hex digits."""
    limits.spend_text(3 * len(text))
    return quote(_utf8(text), safe="")


def url_decode(text: str) -> str:
    """Read what `url encode` writes. A plus stays one."""
    limits.spend_text(len(text))
    if _LONE_PERCENT.search(text):
        raise Failure("`%` is followed by two hex digits in a text that is encoded for URLs")
    return _text(unquote_to_bytes(_utf8(text)), "encoded for URLs")


def to_base64(text: str) -> str:
    """Write the UTF-8 of a text in base64."""
    limits.spend_text(2 * len(text))
    return base64.b64encode(_utf8(text)).decode("ascii")


def from_base64(text: str) -> str:
    """Read a text whose UTF-8 is written in base64."""
    limits.spend_text(len(text))
    try:
        return _text(base64.b64decode(_utf8(text), validate=True), "in base64")
    except binascii.Error as error:
        raise Failure(f"the text is not base64: {str(error).lower()}") from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Failure(f"the text has half a character at position {error.start + 1}, which has no UTF-8") from error


def _text(data: bytes, how: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"what is {how} is no UTF-8 text: a wrong byte at position {error.start + 1}") from error


def check_algorithm(name: str) -> None:
    """Raise Failure when there is no such digest."""
    _algorithm(name)


def _algorithm(name: str) -> str:
    found = _ALGORITHMS.get(name.lower())
    if found is None:
        raise Failure(f"there is no digest {name[:40]!r}; there are {', '.join(_ALGORITHMS)}")
    return found


def digest(text: str, algorithm: str = "sha-256") -> str:
    """Give the digest of a text's UTF-8 in hex digits."""
    return hashlib.new(_algorithm(algorithm), _utf8(text), usedforsecurity=False).hexdigest()


def keyed_digest(text: str, key: str, algorithm: str = "sha-256") -> str:
    """Give the digest of a text's UTF-8 that only those can make who have the key, in hex digits."""
    return keyed.new(_utf8(key), _utf8(text), _algorithm(algorithm)).hexdigest()


def new_uuid() -> str:
    """Make a random UUID."""
    return str(UUID(bytes=random_bytes(16), version=4))


_S: Final = takes("string", STRING)
_VALUE: Final = takes("value", STRING)
_ALGORITHM: Final = may_take("algorithm", STRING)

ENCODINGS: Final = (
    BuiltIn("uuid", "Makes a random UUID; each call another one.", (Signature((), STRING, new_uuid),), (), constant=False, extension=CAMUNDA),
    BuiltIn(
        "url encode", "Writes a text as a part of an address: all but letters, digits and `-._~` as `%` and hex digits.",
        (Signature((_S,), STRING, url_encode),), (('url encode("a b/ü")', '"a%20b%2F%C3%BC"'),), extension=OURS,
    ),
    BuiltIn("url decode", "Reads what `url encode` writes; a plus stays one.", (Signature((_S,), STRING, url_decode),), (('url decode("a%20b+%2F")', '"a b+/"'),), extension=OURS),
    BuiltIn("to base64", "Writes the UTF-8 of a text in base64.", (Signature((_VALUE,), STRING, to_base64),), (('to base64("FEEL")', '"RkVFTA=="'),), extension=CAMUNDA),
    BuiltIn("from base64", "Reads a text whose UTF-8 is written in base64.", (Signature((_VALUE,), STRING, from_base64),), (('from base64("RkVFTA==")', '"FEEL"'),), extension=OURS),
    BuiltIn(
        "hash", "Gives the digest of a text's UTF-8 in hex digits: `sha-256` unless said; `sha-384`, `sha-512`, and for those who still ask for them `sha-1` and `md5`.",
        (Signature((_S, _ALGORITHM), STRING, digest),),
        (('hash("FEEL")', '"d2bd3f865942d9b69f8c8f84efac3e6683efbcdf74e3b740047faaa7d0d40c4f"'), ('hash("", "md5")', '"d41d8cd98f00b204e9800998ecf8427e"')), extension=OURS,
    ),
    BuiltIn(
        "hmac", "Gives the digest of a text's UTF-8 under a key, in hex digits, as webhooks are signed; algorithms as of `hash`.",
        (Signature((_S, takes("key", STRING), _ALGORITHM), STRING, keyed_digest),),
        (('hmac("what do ya want for nothing?", "Jefe")', '"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"'),), extension=OURS,
    ),
)  # fmt: skip
