"""Access tokens and session ids: 32 random bytes that mean nothing, a prefix to know them by, a checksum against slips.

A token is its prefix and 48 characters of URL-safe base64, which hold the 32 bytes and a CRC-32 of prefix and bytes.
The checksum keeps mistyped or cut tokens from reaching the store; it is no protection. The store keeps the SHA-256.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

ACCESS_TOKEN = "mf1_"  # noqa: S105 - the prefix that tells what it is
SESSION_ID = "mfs1_"
_RANDOM_BYTES = 32
_BODY_CHARACTERS = 48


def make_token(prefix: str, random_bytes: Callable[[int], bytes]) -> str:
    """Make a new token from 32 bytes of `random_bytes`, which must be fit for keys."""
    body = random_bytes(_RANDOM_BYTES)
    return prefix + urlsafe_b64encode(body + _checksum(prefix, body)).decode("ascii")


def is_token(prefix: str, token: bytes) -> bool:
    """Tell whether this can be a token: prefix, length, alphabet and checksum are right."""
    head = prefix.encode("ascii")
    if len(token) != len(head) + _BODY_CHARACTERS or not token.startswith(head):
        return False
    try:
        content = urlsafe_b64decode(token[len(head) :])
    except (binascii.Error, ValueError):
        return False
    body, checksum = content[:_RANDOM_BYTES], content[_RANDOM_BYTES:]
    # Decoding skips foreign characters; only what encodes back to itself is a token.
    return checksum == _checksum(prefix, body) and head + urlsafe_b64encode(content) == token


def digest_token(token: bytes) -> bytes:
    """Give what the store keeps of a token: its SHA-256. The token has 256 bits of chance, so no salt is needed."""
    return hashlib.sha256(token).digest()


def _checksum(prefix: str, body: bytes) -> bytes:
    return binascii.crc32(prefix.encode("ascii") + body).to_bytes(4, "big")
