"""Secrets and places are handed to a package under its grant alone, and to a folder's app as ever."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.runtime.grants.granted_apps import APP, ASKED, app_of, settings_with

from microflow_runtime.code import Call, CodeRequest
from microflow_runtime.engine.http import HttpRequest
from microflow_runtime.engine.mail import Mail
from microflow_runtime.engine.transactions import Transactions
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App
from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

SIMPLE = APP.replace("auth:", "#").replace("headers:", "#").replace("/srv/ca.pem", "system")


async def _http(resources: ProcessResources, app: App) -> None:
    await resources.send_http(app, "fx", HttpRequest(method="GET", path="/"))


async def _mail(resources: ProcessResources, app: App) -> None:
    sender = MailAddress(address="a@b.example")
    await resources.send_mail(app, "post", Mail(sender=sender, to=(sender,), subject="s", text="t", message_id="1"))


async def _files(resources: ProcessResources, app: App) -> None:
    async with resources.open_files(app, "inbox"):
        raise AssertionError("there is no such folder")


async def _database(resources: ProcessResources, app: App) -> None:
    async with resources.open_transaction(app, "orders"):
        raise AssertionError("there is no such database")


async def _code(resources: ProcessResources, app: App) -> None:
    call = Call(username="u", roles=(), app="Shop", flow="f", node="n", execution_id="0" * 32, deadline_ns=2**62)
    await resources.call_code(app, CodeRequest("nowhere", b"{}", {}, call))


USES: dict[str, Callable[[ProcessResources, App], Awaitable[None]]] = {
    "http": _http,
    "mail": _mail,
    "file": _files,
    "database": _database,
    "code": _code,
}


async def _kind(use: str, app: App, settings: Settings) -> str:
    resources = ProcessResources(settings, MemoryStore())
    try:
        with pytest.raises(NodeError) as caught:
            await USES[use](resources, app)
    finally:
        await resources.close()
    return caught.value.kind


@pytest.mark.parametrize("use", USES)
async def test_a_package_uses_what_it_was_granted_and_nothing_else(
    use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the grant nothing is opened; with it, and in a folder's app, the far end is what fails."""
    monkeypatch.setenv("MICROFLOW_SECRET_DB_KEY", "s")
    package, folder = app_of(SIMPLE), app_of(SIMPLE, is_package=False)
    more: Any = {"home": tmp_path, "code_processes": 1}
    assert await _kind(use, package, settings_with(**more)) == f"{use}.denied"
    granted = await _kind(use, package, settings_with(*ASKED, "code nowhere", **more))
    assert granted != f"{use}.denied"
    assert await _kind(use, folder, settings_with(**more)) == granted


async def test_a_shared_transaction_is_not_handed_to_a_package_without_its_grant(tmp_path: Path) -> None:
    """A snapshot's flow that a folder's calls shares the transaction where both define the source alike, under its grant."""
    text = "app: Shop\nversion: v.1\ndata_sources: {notes: {url: 'sqlite:///notes.db'}}\n"
    other = text.replace("notes.db", "other.db")
    resources = ProcessResources(settings_with(home=tmp_path), MemoryStore())
    asked: list[str] = []

    async def require(app: App, source: str) -> None:
        asked.append(f"{app.name} {source}")

    resources.require_data_source = require  # type: ignore[method-assign]
    transactions = Transactions(resources)
    try:
        opened = await transactions.connection(app_of(text, is_package=False), "notes")
        assert await transactions.connection(app_of(text), "notes") is opened
        assert asked == ["Shop notes"]
        assert await transactions.connection(app_of(other), "notes") is not opened
    finally:
        await transactions.rollback()
        await resources.close()
