"""Bodies that are inflated within bounds."""

import gzip
import tracemalloc
import zlib

import pytest

from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.inflate import Inflater

MIB = 1024 * 1024


def inflated(data: bytes, coding: str, *, limit: int = 32 * MIB, piece: int = 65_536) -> bytes:
    """Feed the data in pieces."""
    inflater = Inflater(coding, limit)
    for start in range(0, len(data), piece):
        inflater.feed(data[start : start + piece])
    return inflater.finish()


RAW = zlib.compressobj(wbits=-15)
TEXT = b'{"a": 1}' * 999


@pytest.mark.parametrize("piece", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("X-GZIP", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW.compress(TEXT) + RAW.flush()),
    ],
    ids=["plain", "identity", "gzip", "x-gzip", "two members", "deflate", "raw deflate"],
)
def test_a_body_comes_out_whole(coding: str, data: bytes, piece: int) -> None:
    """Each coding that we take gives the body, however it is cut into pieces."""
    assert inflated(data, coding, piece=piece) == TEXT


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "bogus"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    """A server that sends another coding than gzip and deflate is told so at once."""
    with pytest.raises(NodeError, match="not asked for") as caught:
        Inflater(coding, MIB)
    assert caught.value.kind == "http.reply"


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(TEXT)[:-9]),
        ("gzip", b"garbage that is no gzip"),
        ("deflate", b"\x78\x9cgarbage"),
        ("deflate", zlib.compress(TEXT) + b"more"),
        ("gzip", gzip.compress(TEXT) + b"more"),
    ],
)
def test_a_broken_body_is_refused(coding: str, data: bytes) -> None:
    """Garbage, a missing end and bytes behind the end are errors, never half a body."""
    with pytest.raises(NodeError) as caught:
        inflated(data, coding)
    assert caught.value.kind == "http.reply"


def test_the_limit_counts_while_inflating() -> None:
    """One byte under the limit is exact, one over is refused."""
    body = bytes(range(256)) * 64
    assert inflated(gzip.compress(body), "gzip", limit=len(body)) == body
    with pytest.raises(NodeError, match=f"limit of {len(body) - 1} bytes"):
        inflated(gzip.compress(body), "gzip", limit=len(body) - 1)
    with pytest.raises(NodeError, match="limit"):
        inflated(body, "", limit=len(body) - 1)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_stopped_early(coding: str) -> None:
    """Sixty-four megabytes in sixty-four kilobytes are refused for its ratio, having taken a few megabytes of memory."""
    pack = zlib.compressobj(6, wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(pack.compress(bytes(MIB)) for _ in range(64)) + pack.flush()
    tracemalloc.start()
    try:
        with pytest.raises(NodeError, match="100 times"):
            inflated(bomb, coding)
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_what_inflates_to_nothing_ends_as_well() -> None:
    """A stream of empty members is bounded by its own size."""
    with pytest.raises(NodeError, match="limit"):
        inflated(gzip.compress(b"") * 100, "gzip", limit=500)
