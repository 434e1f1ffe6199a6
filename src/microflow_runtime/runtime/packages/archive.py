"""Zip archives, the little of the format that a package needs: read strictly, and written so that equal content is equal bytes.

Every byte of an archive must belong to exactly one thing: entries stand one after the other from the first byte, the
directory follows, its end is the last byte. So nothing can stand before, after or between, nothing can overlap, and no
two readers can see two different things. Python's `zipfile` looks for the directory from the end and takes what it says.
"""

import zlib
from collections.abc import Mapping
from struct import Struct
from typing import Final, NamedTuple, NoReturn

from microflow_runtime.errors import BadRequest

STORED: Final = 0
DEFLATED: Final = 8

_LOCAL: Final = Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = Struct("<4sHHHHIIH")
_DESCRIPTION: Final = Struct("<III")
_LOCAL_SIGN: Final = b"PK\x03\x04"
_CENTRAL_SIGN: Final = b"PK\x01\x02"
_END_SIGN: Final = b"PK\x05\x06"
_DESCRIPTOR_SIGN: Final = b"PK\x07\x08"

_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_PATCHED: Final = 1 << 5
_DESCRIBED_LATER: Final = 1 << 3
_UTF8: Final = 1 << 11
_OF_64_BITS: Final = 0xFFFFFFFF
_ZIP64_EXTRA: Final = 0x0001
_OTHER_NAME_EXTRA: Final = 0x7075
_VERSION: Final = 20
_UNIX: Final = 3
_FIRST_DAY: Final = (0, 0x0021)
"""Time and date 1980-01-01 00:00, the first there is."""
_PLAIN_FILE: Final = 0o100644 << 16


class Entry(NamedTuple):
    """One entry by the directory. `mode` is the file mode that it came with, 0 for none; `start` where its data begin."""

    name: str
    method: int
    checksum: int
    packed_bytes: int
    unpacked_bytes: int
    mode: int
    start: int


class _Listed(NamedTuple):
    """One entry as the directory lists it, before its own header was looked at."""

    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed_bytes: int
    unpacked_bytes: int
    mode: int
    offset: int


def read_entries(content: bytes, most: int) -> list[Entry]:
    """Read the directory of an archive and hold it against the archive; nothing is unpacked yet.

    Raises BadRequest, saying why, for anything that is not plainly an archive of at most `most` entries.
    """
    listed, directory_at = _directory(content, most)
    position = 0
    entries: list[Entry] = []
    for item in sorted(listed, key=lambda item: item.offset):
        if item.offset != position:
            _refuse("entries overlap" if item.offset < position else "it holds bytes that belong to no entry")
        start = _data_of(content, item)
        entries.append(
            Entry(
                _name_of(item),
                item.method,
                item.checksum,
                item.packed_bytes,
                item.unpacked_bytes,
                item.mode,
                start,
            )
        )
        position = _end_of(content, item, start)
        if position > directory_at:
            _refuse("entries overlap")
    if position != directory_at:
        _refuse("it holds bytes that belong to no entry")
    return entries


def unpack(content: bytes, entry: Entry) -> bytes:
    """Give what an entry holds: exactly as many bytes as the directory says, and never more in memory than one above that.

    Raises BadRequest when it holds something else.
    """
    packed = memoryview(content)[entry.start : entry.start + entry.packed_bytes]
    if entry.method == STORED:
        unpacked, whole = bytes(packed), entry.packed_bytes == entry.unpacked_bytes
    else:
        unpacked, whole = _inflate(packed, entry.unpacked_bytes)
    if not whole:
        raise BadRequest("The package holds a file of another size than it says.")
    if zlib.crc32(unpacked) != entry.checksum:
        raise BadRequest("The package holds a file that is damaged: its checksum is another.")
    return unpacked


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """Make an archive of these files, ordered by name, not compressed: how tightly a file is packed depends on the machine."""
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in sorted(files):
        data = files[name]
        raw_name = name.encode()
        flags = 0 if raw_name.isascii() else _UTF8
        shared = (_VERSION, flags, STORED, *_FIRST_DAY, zlib.crc32(data), len(data), len(data), len(raw_name), 0)
        body += [_LOCAL.pack(_LOCAL_SIGN, *shared), raw_name, data]
        made_by = _UNIX << 8 | _VERSION
        directory += [_CENTRAL.pack(_CENTRAL_SIGN, made_by, *shared, 0, 0, 0, _PLAIN_FILE, offset), raw_name]
        offset += _LOCAL.size + len(raw_name) + len(data)
    listed = b"".join(directory)
    end = _END.pack(_END_SIGN, 0, 0, len(files), len(files), len(listed), offset, 0)
    return b"".join([*body, listed, end])


def _directory(content: bytes, most: int) -> tuple[list[_Listed], int]:
    """Give what the directory lists, and where it begins."""
    at = len(content) - _END.size
    if at < 0 or content[at : at + 4] != _END_SIGN:
        if content.startswith(_LOCAL_SIGN) and _END_SIGN in content:
            _refuse("something stands after its end")
        raise BadRequest("The package is no readable zip archive.")
    _, disk, first_disk, here, count, size, begin, comment = _END.unpack_from(content, at)
    if disk or first_disk or here != count:
        _refuse("it is a part of several")
    if comment or begin + size != at:
        _refuse("it is larger or smaller than it says")
    if count > most:
        raise BadRequest(f"The package has more than {most} entries.")
    listed: list[_Listed] = []
    position = begin
    for _ in range(count):
        item, position = _listed_at(content, position, at)
        listed.append(item)
    if position != at:
        _refuse("its directory lists more than it counts")
    return listed, begin


def _listed_at(content: bytes, at: int, end: int) -> tuple[_Listed, int]:
    if at + _CENTRAL.size > end:
        _refuse("its directory is cut off")
    fields = _CENTRAL.unpack_from(content, at)
    sign, _, _, flags, method, _, _, checksum, packed, unpacked, name_size, extra_size, comment_size = fields[:13]
    first_disk, _, attributes, offset = fields[13:]
    after = at + _CENTRAL.size + name_size + extra_size + comment_size
    if sign != _CENTRAL_SIGN or after > end or first_disk:
        _refuse("its directory is damaged")
    if _OF_64_BITS in (packed, unpacked, offset):
        _refuse("it is of the 64-bit kind")
    if flags & _ENCRYPTED:
        raise BadRequest("The package holds a file that is encrypted.")
    if method not in (STORED, DEFLATED) or flags & _PATCHED:
        raise BadRequest("The package holds a file that is packed in another way than deflate.")
    name_at = at + _CENTRAL.size
    _check_extra(content[name_at + name_size : name_at + name_size + extra_size])
    raw_name = content[name_at : name_at + name_size]
    return _Listed(raw_name, flags, method, checksum, packed, unpacked, attributes >> 16, offset), after


def _check_extra(extra: bytes) -> None:
    """Let pass what zip programs note of times and owners; not what gives sizes or names that differ from those listed."""
    at = 0
    while at < len(extra):
        if at + 4 > len(extra):
            _refuse("its directory is damaged")
        kind = int.from_bytes(extra[at : at + 2], "little")
        if kind == _ZIP64_EXTRA:
            _refuse("it is of the 64-bit kind")
        if kind == _OTHER_NAME_EXTRA:
            _refuse("an entry has two names")
        at += 4 + int.from_bytes(extra[at + 2 : at + 4], "little")
    if at != len(extra):
        _refuse("its directory is damaged")


def _data_of(content: bytes, item: _Listed) -> int:
    """Hold an entry's own header against the directory, and give where its data begin."""
    after = item.offset + _LOCAL.size
    if after > len(content):
        _refuse("an entry is cut off")
    sign, _, flags, method, _, _, checksum, packed, unpacked, name_size, extra_size = _LOCAL.unpack_from(
        content, item.offset
    )
    told = (checksum, packed, unpacked)
    is_later = bool(item.flags & _DESCRIBED_LATER)
    if (
        sign != _LOCAL_SIGN
        or (flags, method) != (item.flags, item.method)
        or content[after : after + name_size] != item.raw_name
        or (told != _told_by(item) and not (is_later and told == (0, 0, 0)))
    ):
        _refuse("an entry is another than its directory says")
    _check_extra(content[after + name_size : after + name_size + extra_size])
    return int(after + name_size + extra_size)


def _end_of(content: bytes, item: _Listed, start: int) -> int:
    """Give where an entry ends, with the description that may follow its data."""
    end = start + item.packed_bytes
    if not item.flags & _DESCRIBED_LATER:
        return end
    if content[end : end + 4] == _DESCRIPTOR_SIGN:
        end += 4
    if content[end : end + _DESCRIPTION.size] != _DESCRIPTION.pack(*_told_by(item)):
        _refuse("an entry is another than its directory says")
    return end + _DESCRIPTION.size


def _told_by(item: _Listed) -> tuple[int, int, int]:
    return item.checksum, item.packed_bytes, item.unpacked_bytes


def _name_of(item: _Listed) -> str:
    """Give the name; one that is neither ASCII nor said to be UTF-8 would mean another thing on another machine."""
    if not item.flags & _UTF8 and not item.raw_name.isascii():
        _refuse("a name is not UTF-8")
    try:
        return item.raw_name.decode()
    except UnicodeDecodeError:
        _refuse("a name is not UTF-8")


def _inflate(packed: memoryview, size: int) -> tuple[bytes, bool]:
    """Inflate at most one byte more than `size`, and tell whether that was all, of what was packed and of what came out."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = inflater.decompress(packed, size + 1)
    except zlib.error as error:
        raise BadRequest("The package holds a file that is damaged.") from error
    whole = len(unpacked) == size and inflater.eof and not inflater.unused_data and not inflater.unconsumed_tail
    return unpacked, whole


def _refuse(reason: str) -> NoReturn:
    raise BadRequest(f"The package is no readable zip archive: {reason}.")
