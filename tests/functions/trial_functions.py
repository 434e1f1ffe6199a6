"""Functions that tests call: some are well behaved, most are not."""

import os
import sys
import time
from pathlib import Path
from typing import Any

BALLAST: list[bytearray] = []


def give_back(value: Any) -> Any:
    """Give what came."""
    return value


def kinds(value: dict[str, Any]) -> str:
    """Give the names of the classes that the fields came as."""
    return ", ".join(f"{name} {type(item).__name__}" for name, item in value.items())


def about(call: Any, *, note: str = "") -> str:
    """Tell of the call."""
    left = "some" if 0 < call.seconds_left < 60 else "no"
    return f"{call.username} {call.roles} {call.app}/{call.flow}/{call.node} {call.execution_id[:4]} {left} time{note}"


def spin() -> None:
    """Never end."""
    while True:
        pass


def sleep(seconds: float) -> int:
    """Sleep, and give the process id."""
    time.sleep(float(seconds))
    return os.getpid()


def spawn(path: str) -> None:
    """Start a process, tell its id in a file, and never end."""
    pid = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "600")
    Path(path).write_text(f"{os.getpid()} {pid}", encoding="utf-8")
    spin()


def fail(text: str) -> None:
    """Raise."""
    raise RuntimeError(text)


def leave(code: int) -> None:
    """End the process."""
    os._exit(int(code))


def say(lines: int) -> None:
    """Print lines, one of them by the way that C code prints."""
    for number in range(int(lines)):
        print(f"line {number}")  # noqa: T201 - it is what is tested
    print("to standard error\x1b[31m", file=sys.stderr)  # noqa: T201
    os.write(1, b"by hand")


def hoard(megabytes: int) -> int:
    """Take memory and keep it."""
    BALLAST.append(bytearray(int(megabytes) * 1024 * 1024))
    return len(BALLAST)


def many(count: int) -> list[int]:
    """Give a long list."""
    return list(range(int(count)))


def secrets() -> list[str]:
    """Give the names of variables of the environment that belong to the server."""
    return sorted(name for name in os.environ if name.startswith("MICROFLOW_"))
