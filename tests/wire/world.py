"""A whole worker in this process, without a socket: apps on disk, a store in memory, users, and the ASGI application."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from tests.wire.asgi_client import Answer, send

from microflow_runtime.model.principal import Permission, Principal
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.security import ACCESSES, Passwords, Security
from microflow_runtime.service.do_action import DoAction
from microflow_runtime.service.roles import add_role, set_role
from microflow_runtime.service.tokens import add_token
from microflow_runtime.service.users import add_user
from microflow_runtime.settings import Secret, Settings
from microflow_runtime.store import MemoryStore
from microflow_runtime.telemetry import Metrics
from microflow_runtime.web.app import Application

_T = TypeVar("_T")
EXECUTION_ID: Final = "0123456789abcdef0123456789abcdef"
PAGE_ORIGIN: Final = "https://app.example"
OPERATOR: Final = Principal(
    username="operator",
    grants=frozenset((kind, "*", access) for kind, accesses in ACCESSES.items() for access in accesses),
)


class World:
    """One worker. `caller` may execute what `allow` says, `operator` may refresh as well, `stranger` nothing.

    Every execution has the same id. The world owns its event loop, so that tests are plain functions.
    """

    def __init__(
        self,
        folder: Path,
        apps: Iterable[Path],
        *,
        allow: Iterable[tuple[str, str, str]],
        open_flows: Iterable[str] = (),
        **settings: Any,
    ) -> None:
        self.runner = asyncio.Runner()
        self.prefix: str = "" if settings.get("context_root", "/") == "/" else settings["context_root"]
        self.settings = Settings(
            home=folder / "home",
            apps=tuple(apps),
            cors_origins=(PAGE_ORIGIN,),
            admin_password=Secret("pw"),
            anonymous_per_second=100_000.0,
            **settings,
        )
        self.store = MemoryStore()
        self.page = SharedPage(page_path(self.settings.home))
        self.tokens: dict[str, str] = {}
        self.answered_at_once = 0
        self.run(self._open(tuple(allow), tuple(open_flows)))

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run something on the world's loop."""
        return self.runner.run(work)

    async def _open(self, allow: tuple[tuple[str, str, str], ...], open_flows: tuple[str, ...]) -> None:
        self.security = Security(
            self.store,
            self.settings,
            read_revocation=lambda: self.page.revocation,
            bump_revocation=self.page.bump_revocation,
            passwords=Passwords(time_cost=1, memory_kib=8, parallelism=1),
        )
        self.runtime = Runtime(self.settings, self.store, self.page, Metrics(), NODE_TYPES)
        await self.security.first_start()
        await self.runtime.start_up()
        self.application = Application(
            self.runtime,
            self.security,
            worker="7",
            do_action=DoAction(self.runtime, self.security, new_id=lambda: EXECUTION_ID),
        )
        self._sweeping = asyncio.create_task(self.application.reader.sweep())
        await self._add_users(allow, open_flows)

    async def _add_users(self, allow: tuple[tuple[str, str, str], ...], open_flows: tuple[str, ...]) -> None:
        security = self.security
        permissions = [Permission(*each) for each in allow]
        cache = [Permission("cache", "*", "refresh"), Permission("cache", "*", "classAction")]
        await add_user(security, OPERATOR, "guest", service_account=True)
        for name, allowed in (("caller", permissions), ("operator", [*permissions, *cache]), ("stranger", [])):
            await add_role(security, OPERATOR, name)
            await set_role(security, OPERATOR, name, allow=allowed)
            await add_user(security, OPERATOR, name, password=Secret("long enough"), roles=[name])
            self.tokens[name] = (await add_token(security, OPERATOR, name)).reveal()
        await set_role(security, OPERATOR, "caller", grant=[(flow, "guest") for flow in open_flows])

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        **more: Any,
    ) -> Answer:
        """Make one request under the context root."""
        return self.run(send(self.application, method, self.prefix + path, body, headers, **more))

    def act(
        self,
        body: Any,
        *,
        user: str | None = "caller",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call DoAction with a body, which is encoded as JSON unless it is bytes; `user` None sends no session."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        sent = {"content-type": "application/json", **self.session(user), **(headers or {})}
        answer = self.send("POST", "/MicroflowRest/DoAction", raw, sent)
        self._compare_at_once(answer, raw, sent)
        return answer

    def _compare_at_once(self, ordinary: Answer, body: bytes, headers: Mapping[str, str]) -> None:
        """Make the same call the quick way; fail the test when it is answered there and differs in a single byte."""
        pairs = [
            (b"host", b"localhost"),
            *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
        ]

        async def ask() -> bytes | None:
            return self.application.answer_at_once(pairs, body, lambda: "1.1")

        quick = self.run(ask())
        if quick is not None:
            self.answered_at_once += 1
            head = b"".join(b"%b: %b\r\n" % header for header in ordinary.headers)
            assert (200, head + b"\r\n" + ordinary.body) == (ordinary.status, quick)

    def session(self, user: str | None) -> dict[str, str]:
        """Give the header that tells who calls."""
        return {} if user is None else {"authorization": f"Bearer {self.tokens[user]}"}

    def close(self) -> None:
        """Close everything and end the loop."""

        async def close() -> None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
            await self.security.close()
            await self.runtime.close()
            await self.store.close()

        self.run(close())
        self.page.close()
        self.runner.close()
