"""Takes in a reply piece by piece, inflating it, and stops as soon as it grows beyond its bounds."""

import zlib
from typing import Final

from microflow_runtime.errors import NodeError

ACCEPTED: Final = "gzip, deflate"
"""What we say that we take; a server that sends anything else is told so."""
MOST_RATIO: Final = 100
_FREE_BYTES: Final = 1024 * 1024
"""So much may come of however little; beyond it the ratio counts."""
_PIECE: Final = 1024 * 1024
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15


class Inflater:
    """Collects one body. `coding` is the reply's Content-Encoding, `limit` the most bytes it may come to."""

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding.strip().lower()
        if self._coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise _broken(f"the reply is encoded as {self._coding[:40]!r}, which was not asked for")
        self._is_plain = self._coding in {"", "identity"}
        self._limit = limit
        self._taken = 0
        self._size = 0
        self._pieces: list[bytes] = []
        self._unpack: zlib._Decompress | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises NodeError of kind `http.reply` when they are broken or the body grows too large."""
        self._taken += len(data)
        if self._taken > self._limit:
            raise too_large(self._limit)
        if self._is_plain:
            self._keep(data)
            return
        try:
            while data:
                data = self._inflate(data)
        except zlib.error as error:
            raise _broken(f"the reply is not what its encoding {self._coding} says") from error

    def finish(self) -> bytes:
        """Give the whole body. Raises NodeError of kind `http.reply` when its end is missing."""
        while self._unpack is not None and not self._unpack.eof:
            rest = self._unpack.decompress(b"", _PIECE)  # what the library has taken in and not given out yet
            if rest:
                self._keep(rest)
                continue
            raise _broken("the end of the encoded reply is missing")
        return b"".join(self._pieces)

    def _inflate(self, data: bytes) -> bytes:
        """Inflate a piece of bounded size; give what is left to be inflated."""
        unpack = self._unpack
        if unpack is None or unpack.eof:
            if unpack is not None and self._coding == "deflate":
                raise _broken("the encoded reply goes on behind its end")
            unpack = self._unpack = zlib.decompressobj(self._bits(data[0]))
        self._keep(unpack.decompress(data, _PIECE))
        return unpack.unused_data if unpack.eof else unpack.unconsumed_tail

    def _bits(self, first: int) -> int:
        """Deflate comes with a header of zlib, as the standard says, or without, as some servers do."""
        if self._coding != "deflate":
            return _GZIP
        return _ZLIB if first & 0x0F == 8 and first >> 4 <= 7 else _RAW

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise too_large(self._limit)
        if not self._is_plain and self._size > _FREE_BYTES and self._size > MOST_RATIO * self._taken:
            raise _broken(f"the reply inflates to more than {MOST_RATIO} times its size")
        if data:
            self._pieces.append(data)


def too_large(limit: int) -> NodeError:
    """Give the error of a reply beyond its bound."""
    return _broken(f"the reply is larger than the limit of {limit} bytes")


def _broken(sentence: str) -> NodeError:
    return NodeError(f"{sentence}.", kind="http.reply")
