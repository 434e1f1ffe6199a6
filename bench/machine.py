"""Names the machine that figures come from."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("uvicorn", "uvloop", "httptools", "msgspec", "fastapi", "pydantic", "starlette")


def describe() -> list[tuple[str, str]]:
    """Give what decides the figures: processor, kernel, interpreter, packages, load generator, day."""
    return [
        ("Processor", f"{_cpu_model()}, {os.cpu_count()} CPUs"),
        ("Memory", _memory()),
        ("Kernel", f"{platform.system()} {platform.release()}"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("Packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES)),
        ("Load", _wrk_version()),
        ("Measured on", f"{datetime.now(UTC):%Y-%m-%d}"),
    ]


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / 1024**3:.0f} GiB"


def _wrk_version() -> str:
    said = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True)
    return " ".join((said.stdout + said.stderr).split()[:2])
