"""Packages in a folder."""

import os
import socket
import threading
from pathlib import Path

import pytest

from microflow_runtime.errors import BadRequest, NotAvailable, NotFound, StoreError
from microflow_runtime.runtime.packages import folder, kept_name, record
from microflow_runtime.runtime.packages.folder import find_package


def test_a_package_is_found_by_its_exact_name_only(tmp_path: Path) -> None:
    """No name leads out of the folder, through a link, or to what is no file."""
    packages = tmp_path / "packages"
    (packages / "inner").mkdir(parents=True)
    (packages / "a.jar").write_bytes(b"a")
    (packages / "inner" / "b.jar").write_bytes(b"b")
    (tmp_path / "c.jar").write_bytes(b"c")
    (packages / "link.jar").symlink_to(tmp_path / "c.jar")
    (packages / "loop.jar").symlink_to("loop.jar")
    os.mkfifo(packages / "pipe.jar")
    assert find_package(packages, "a.jar") == b"a"
    for name in (
        *("A.jar", "../c.jar", "inner/b.jar", "inner", "link.jar", "loop.jar", "pipe.jar", str(tmp_path / "c.jar")),
        *(".", "..", "", "a.jar\0", "a.jar/", "./a.jar", "x" * 5000),
    ):
        with pytest.raises(NotFound, match=r"^There is no such package\.$"):
            find_package(packages, name)
    with pytest.raises(NotFound):
        find_package(tmp_path / "nowhere", "a.jar")


def test_a_socket_is_no_package(tmp_path: Path) -> None:
    """It cannot even be opened."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.jar"))
        with pytest.raises(NotFound):
            find_package(tmp_path, "s.jar")


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    """It is found under the name that it is kept under."""
    name = "x" * 300 + "/.jar"
    (tmp_path / kept_name(name)).write_bytes(b"a")
    assert find_package(tmp_path, name) == b"a"


def test_a_package_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its size is looked at first; one that grows while it is read is cut off."""
    monkeypatch.setattr(record, "MAX_PACKAGE_BYTES", 10)
    (tmp_path / "a.jar").write_bytes(bytes(11))
    with pytest.raises(BadRequest, match="larger than 10 bytes"):
        find_package(tmp_path, "a.jar")
    (tmp_path / "a.jar").write_bytes(bytes(10))
    assert find_package(tmp_path, "a.jar") == bytes(10)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the old and half of the new is never given: it is read again, and after some tries told to come later."""
    path = tmp_path / "a.jar"
    path.write_bytes(b"old old old")
    changes = 1
    read = os.read

    def read_and_change(opened: int, size: int) -> bytes:
        nonlocal changes
        content = read(opened, size)
        if content and changes:
            changes -= 1
            path.write_bytes(b"new")
            os.utime(path, ns=(0, changes))
        return content

    monkeypatch.setattr(folder.os, "read", read_and_change)
    assert find_package(tmp_path, "a.jar") == b"new"
    changes = 1000
    with pytest.raises(NotAvailable, match="being written"):
        find_package(tmp_path, "a.jar")


def test_a_file_that_is_replaced_again_and_again(tmp_path: Path) -> None:
    """What is given is always one of the whole files, however the timing falls."""
    path, other = tmp_path / "a.jar", tmp_path / "next"
    contents = [bytes([letter]) * 3_000_000 for letter in b"abc"]
    path.write_bytes(contents[0])
    ended = threading.Event()

    def replace() -> None:
        turn = 0
        while not ended.is_set():
            other.write_bytes(contents[turn % 3])
            other.replace(path)
            turn += 1

    writer = threading.Thread(target=replace)
    writer.start()
    try:
        given = 0
        for _ in range(30):
            try:
                assert find_package(tmp_path, "a.jar") in contents
                given += 1
            except NotAvailable:
                continue
        assert given
    finally:
        ended.set()
        writer.join()


def test_what_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is told without the path, for the folder and for the file."""
    (tmp_path / "a.jar").write_bytes(b"")

    def refuse(path: object, *_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(folder.os, "open", refuse)
    with pytest.raises(StoreError, match=r"^The folder of packages cannot be opened: Permission denied\.$"):
        find_package(tmp_path, "a.jar")
    monkeypatch.undo()
    opened = os.open

    def refuse_file(path: object, flags: int, **more: object) -> int:
        return refuse(path) if "dir_fd" in more else opened(path, flags)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(folder.os, "open", refuse_file)
    with pytest.raises(StoreError, match=r"^The package cannot be read: Permission denied\.$"):
        find_package(tmp_path, "a.jar")
