"""Does the work of an account command on the store of a home, also beside a running server."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from microflow_runtime.cli.accounts.output import fail
from microflow_runtime.cli.options import Home, StoreAddress, settings_from

if TYPE_CHECKING:
    from microflow_runtime.model.principal import Principal
    from microflow_runtime.security import Security
    from microflow_runtime.settings import Secret, Settings

_Result = TypeVar("_Result")

__all__ = ["AsJson", "Home", "StoreAddress", "read_secret", "run"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of columns.")]


def run(home: Path | None, store: str | None, work: "Callable[[Security, Principal], Awaitable[_Result]]") -> _Result:
    """Open the store of a home, or the one of this address, do the work as the operator of this machine, and tell running workers.

    Whoever may write the home's files may do everything; what is done is audited under the name `operator`.
    """
    from microflow_runtime.errors import MicroflowError

    try:
        return asyncio.run(_work(settings_from(home=home, store=store), work))
    except MicroflowError as error:
        fail(error)


async def _work(settings: "Settings", work: "Callable[[Security, Principal], Awaitable[_Result]]") -> _Result:
    from microflow_runtime.model.principal import Principal
    from microflow_runtime.runtime.page import SharedPage, page_path
    from microflow_runtime.security import ACCESSES, EVERY, Security
    from microflow_runtime.store import open_store

    store = await asyncio.to_thread(open_store, settings)
    page = SharedPage.find(page_path(settings.home))
    security = Security(store, settings, bump_revocation=page.bump_revocation if page else None)
    everything = frozenset((kind, EVERY, access) for kind, accesses in ACCESSES.items() for access in accesses)
    try:
        await security.first_roles()
        return await work(security, Principal(username="operator", grants=everything))
    finally:
        await security.close()
        await store.close()
        if page is not None:
            page.close()


def read_secret(*, from_stdin: bool) -> "Secret | None":
    """Read a secret from standard input, without the end of its line; None when it was not asked for."""
    from microflow_runtime.settings import Secret

    return Secret(sys.stdin.readline().removeprefix("\ufeff").rstrip("\r\n")) if from_stdin else None
