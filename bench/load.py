"""Makes load with wrk, pinned to the CPU that no server uses, and measures what a service spent on it."""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from bench import processes
from bench.quote import PATH, fault_in_reply
from bench.services import LOAD_CPU, Service

CONNECTIONS: Final = 16
_SCRIPT: Final = Path(__file__).parent / "call.lua"


class Outcome(msgspec.Struct, frozen=True):
    """What wrk saw. Times in microseconds."""

    calls: int
    microseconds: int
    bytes: int
    bad_status: int
    broken: int
    p50: int
    p99: int
    p999: int


class Round(msgspec.Struct, frozen=True):
    """One service under load once: calls a second, CPU microseconds a call, latencies in microseconds."""

    rate: float
    cpu: float
    p50: float
    p99: float
    p999: float


def measure(service: Service, bodies: list[bytes], seconds: float) -> Round:
    """Load the service for a while, checking a reply of each body before and after.

    Raises RuntimeError when any reply is not what it has to be.
    """
    check(service, bodies)
    pids = service.pids()
    before = processes.cpu_seconds(pids)
    outcome = _wrk(service, bodies, seconds)
    spent = processes.cpu_seconds(pids) - before
    check(service, bodies)
    if outcome.bad_status or outcome.broken or not outcome.calls:
        message = f"{service.name}: of {outcome.calls} calls {outcome.bad_status} were refused, {outcome.broken} broke"
        raise RuntimeError(message)
    return Round(
        rate=outcome.calls / outcome.microseconds * 1e6,
        cpu=spent / outcome.calls * 1e6,
        p50=outcome.p50,
        p99=outcome.p99,
        p999=outcome.p999,
    )


def check(service: Service, bodies: list[bytes]) -> None:
    """Make one call of each body and look at the whole reply.

    Raises RuntimeError when one is wrong.
    """
    for body in bodies:
        status, reply = service.post(body)
        fault = f"status {status}: {reply[:300]!r}" if status != 200 else fault_in_reply(body, reply)
        if fault:
            message = f"{service.name}: {fault}"
            raise RuntimeError(message)


def _wrk(service: Service, bodies: list[bytes], seconds: float) -> Outcome:
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"\n".join(bodies) + b"\n")
        file.flush()
        url = f"http://127.0.0.1:{service.port}{PATH}"
        options = [
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds:g}s",
            "-s",
            str(_SCRIPT),
            url,
            "--",
            file.name,
            service.token,
        ]
        command = ["taskset", "-c", LOAD_CPU, "wrk", *options]
        done = subprocess.run(command, check=True, capture_output=True, timeout=seconds + 30)
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Outcome)
