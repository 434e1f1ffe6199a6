"""Where packages are kept: a folder, an address of the web or a bucket, as the setting `packages` says."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from microflow_runtime.errors import BadRequest, NotAvailable
from microflow_runtime.runtime.packages.folder import find_package
from microflow_runtime.runtime.packages.reading import read_package
from microflow_runtime.runtime.packages.record import MIB, Package
from microflow_runtime.runtime.packages.remote import open_place
from microflow_runtime.settings import Settings

MAX_TOGETHER_BYTES: Final = 256 * MIB
"""So much may all packages of one call hold together, unpacked."""
_Result = TypeVar("_Result")


async def fetch_packages(settings: Settings, names: Iterable[str]) -> dict[str, Package]:
    """Fetch and read the packages of these names, each once, in their order; other calls run meanwhile.

    Raises NotFound for a name that is not there; BadRequest for what is no package, or too large alone or together;
    NotAvailable when the place cannot be reached, breaks off, or takes longer than the setting `packages_seconds`;
    StoreError when it refuses or cannot be read. All of them are read before any is given.
    """
    distinct = tuple(dict.fromkeys(names))
    seconds = settings.packages_seconds
    try:
        async with asyncio.timeout(seconds):
            return await _in_thread(lambda: _fetch(settings, distinct))
    except TimeoutError as error:
        told = f"The packages were not fetched within {seconds:g} seconds."
        raise NotAvailable(told, retry_after_seconds=5) from error


def _fetch(settings: Settings, names: tuple[str, ...]) -> dict[str, Package]:
    """Fetch in a thread of its own, whose loop ends when the time is over."""
    gathered = _Gathered()
    folder = settings.packages_folder
    if folder is not None:
        for name in names:
            gathered.add(name, find_package(folder, name))
    else:
        asyncio.run(_fetch_remote(settings, names, gathered))
    return gathered.packages


async def _fetch_remote(settings: Settings, names: tuple[str, ...], gathered: "_Gathered") -> None:
    async with asyncio.timeout(settings.packages_seconds), open_place(settings) as fetch:
        for name in names:
            gathered.add(name, await fetch(name))


class _Gathered:
    """The packages of one call, and how much they hold."""

    def __init__(self) -> None:
        self.packages: dict[str, Package] = {}
        self._bytes = 0

    def add(self, name: str, content: bytes) -> None:
        package = read_package(name, content)
        self._bytes += sum(len(file.content) for file in package.source.files)
        if self._bytes > MAX_TOGETHER_BYTES:
            raise BadRequest(f"The packages hold more than {MAX_TOGETHER_BYTES} bytes together; fetch fewer at once.")
        self.packages[name] = package


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    """Run blocking work in a thread that nobody has to wait for: one that hangs in a dead file system ends with the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Result] = loop.create_future()

    def tell(result: _Result | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - whatever it was, it is raised where the work was asked for
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=run, name="packages", daemon=True).start()
    return await done
