"""A look inside: what one call costs below HTTP, in this process, beside the floor. Not part of `make bench`.

`python -m bench.inside` prints microseconds of the ASGI application alone; `--profile` adds where they go.
"""

import argparse
import cProfile
import importlib
import os
import pstats
import statistics
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import uvloop

from bench import generate, quote
from bench.services import microflow_home
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime import Runtime, SharedPage, page_path
from microflow_runtime.security import Security
from microflow_runtime.settings import load_settings
from microflow_runtime.store import open_store
from microflow_runtime.telemetry import Metrics, configure_logs
from microflow_runtime.web.app import Application

Message = MutableMapping[str, Any]
Asgi = Callable[..., Awaitable[None]]
_CALLS: Final = 5_000
_TURNS: Final = 7


def main() -> None:
    """Make an app and a home as the benchmark does, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.inside", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="microflow-bench-") as folder:
        app = generate.bench_app(Path(folder), more_nodes=20)
        with microflow_home(app) as (home, token):
            uvloop.run(_measure(app, home, token, profile=options.profile))


async def _measure(app: Path, home: Path, token: str, *, profile: bool) -> None:
    os.environ["BENCH_TOKEN"] = token
    floor: Asgi = importlib.import_module("bench.floor").app
    settings = load_settings(options={"home": home, "apps": (app,)})
    configure_logs(level=settings.log_level, log_format=settings.log_format)
    store = open_store(settings)
    page = SharedPage(page_path(settings.home))
    runtime = Runtime(settings, store, page, Metrics("0"), NODE_TYPES)
    security = Security(store, settings, read_revocation=lambda: page.revocation, bump_revocation=page.bump_revocation)
    await runtime.start_up()
    await runtime.catch_up()
    ours = Application(runtime, security, worker="0")
    contenders: dict[str, tuple[Asgi, list[bytes]]] = {
        "floor": (floor, quote.bodies()),
        "microflow": (ours, quote.bodies()),
        "microflow, 20 nodes more": (ours, quote.bodies(generate.LONG_FLOW)),
    }
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(_TURNS):
        for name, (asgi, bodies) in contenders.items():
            took[name].append(await _loop(asgi, bodies, token))
    for name, each in took.items():
        print(f"{name:<26}{statistics.median(each):7.1f} us a call (best {min(each):.1f})")
    if profile:
        profiler = cProfile.Profile()
        profiler.enable()
        await _loop(ours, quote.bodies(), token)
        profiler.disable()
        pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(40)
    await security.close()
    await runtime.close()
    await store.close()
    page.close()


async def _loop(asgi: Asgi, bodies: list[bytes], token: str) -> float:
    """Give the microseconds of one call."""
    headers = [
        (b"host", b"127.0.0.1:8080"),
        (b"content-type", b"application/json"),
        (b"authorization", b"Bearer " + token.encode()),
        (b"content-length", b"130"),
    ]
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": quote.PATH,
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    began = time.perf_counter()
    for number in range(_CALLS):
        body = bodies[number % len(bodies)]

        async def receive(body: bytes = body) -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        await asgi(dict(scope), receive, send)
        if sent[0]["status"] != 200:
            message = f"a call was refused: {sent}"
            raise RuntimeError(message)
        sent.clear()
    return (time.perf_counter() - began) / _CALLS * 1e6


if __name__ == "__main__":
    main()
