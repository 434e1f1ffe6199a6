"""Fetching: in a thread, with a bound of time, all or nothing. Real places are in the integration tests."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from microflow_runtime.errors import BadRequest, NotAvailable, NotFound
from microflow_runtime.runtime.packages import fetch_packages, places
from microflow_runtime.runtime.packages.archive import write_archive
from microflow_runtime.settings import Settings

APP = {"app.yaml": b"app: Shop\nversion: v.1.0.0\n"}


async def test_packages_come_in_their_order_each_once(tmp_path: Path) -> None:
    """Each under the name it was asked for by."""
    for name in ("b.jar", "a.jar"):
        (tmp_path / name).write_bytes(write_archive({**APP, "files/name": name.encode()}))
    found = await fetch_packages(Settings(packages=str(tmp_path)), ["b.jar", "a.jar", "b.jar"])
    assert list(found) == ["b.jar", "a.jar"]
    for name, package in found.items():
        file = package.source.find_file("files/name")
        assert (package.name, package.source.label, file and file.content) == (name, name, name.encode())


async def test_one_that_is_not_there_is_none_of_all(tmp_path: Path) -> None:
    """Without a setting they are looked for in the home."""
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "a.jar").write_bytes(write_archive(APP))
    settings = Settings(home=tmp_path)
    assert list(await fetch_packages(settings, ["a.jar"])) == ["a.jar"]
    with pytest.raises(NotFound):
        await fetch_packages(settings, ["a.jar", "b.jar"])


async def test_a_file_system_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller is told in time, the loop goes on, and the thread is nobody's concern any more."""
    free = threading.Event()

    def hang(*_: object) -> bytes:
        free.wait(5)
        raise NotFound("too late")

    monkeypatch.setattr(places, "find_package", hang)
    began = time.monotonic()
    with pytest.raises(NotAvailable, match=r"not fetched within 0\.1 seconds"):
        await fetch_packages(Settings(packages_seconds=0.1), ["a.jar"])
    assert time.monotonic() - began < 2
    free.set()
    await asyncio.sleep(0.05)


async def test_packages_that_are_large_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum of what they hold is bounded."""
    monkeypatch.setattr(places, "MAX_TOGETHER_BYTES", 60)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(write_archive(APP))
    settings = Settings(packages=str(tmp_path))
    assert len(await fetch_packages(settings, ["a", "b"])) == 2
    with pytest.raises(BadRequest, match="more than 60 bytes together"):
        await fetch_packages(settings, ["a", "b", "c"])
