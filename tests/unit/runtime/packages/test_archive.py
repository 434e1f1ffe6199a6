"""Archives: what is written is read by everybody, what is read has one meaning."""

import hashlib
import io
import zipfile

import pytest

from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages.archive import read_entries, unpack, write_archive

FILES = {"b.txt": b"two", "a.txt": b"one", "\u0e01/c.bin": bytes(range(256)) * 100, "empty": b""}


def test_what_is_written_is_read() -> None:
    """Byte for byte, by name, in the order of names."""
    content = write_archive(FILES)
    entries = read_entries(content, 10)
    assert {entry.name: unpack(content, entry) for entry in entries} == FILES
    assert [entry.name for entry in entries] == sorted(FILES)


def test_others_read_it_too() -> None:
    """It is a plain zip without any peculiarity."""
    with zipfile.ZipFile(io.BytesIO(write_archive(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_the_order_of_the_files_does_not_matter() -> None:
    """The same files are the same bytes."""
    assert write_archive(FILES) == write_archive(dict(reversed(FILES.items())))


def test_its_bytes_are_those_they_always_were() -> None:
    """A digest that was written down: neither time, machine nor library gets into an archive."""
    digest = hashlib.sha256(write_archive({"app.yaml": b"app: A\nversion: v.1\n", "files/\u0e01": b"x"})).hexdigest()
    assert digest == "0b4a847b4063b9dc7eee14121a2369b231b2ad9be1130811a60c5125c4b5810b"


def test_too_many_entries_are_not_looked_at() -> None:
    """The count is in the last bytes; nothing before it is read."""
    with pytest.raises(BadRequest, match="more than 3 entries"):
        read_entries(write_archive(FILES), 3)


def test_no_more_is_inflated_than_is_said() -> None:
    """A file that holds more than it says is found out by one byte."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(50_000_000))
    content = buffer.getvalue()
    (entry,) = read_entries(content, 1)
    with pytest.raises(BadRequest, match="another size than it says"):
        unpack(content, entry._replace(unpacked_bytes=10))
