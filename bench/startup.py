"""Measures how long the server takes to serve an app of a thousand flows, with nothing kept and with its parsed cache."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import generate, processes
from bench.figures import Figure, Section, Table, shown
from bench.services import free_port, running, serve_command


def run(*, flows: int, times: int) -> Section:
    """Start the server `times` times on a fresh home, and on the same home once more each time."""
    cold, warm, sizes = [], [], []
    for _ in range(times):
        with TemporaryDirectory(prefix="microflow-bench-") as folder:
            app = generate.many_flows(Path(folder), flows)
            home = Path(folder) / "home"
            cold.append(_start(app, home)[0])
            seconds, memory = _start(app, home)
            warm.append(seconds)
            sizes.append(memory.rss)
    return Section(
        title="Start-up",
        about=(
            f"From starting `microflow serve` to the first answer of `/livez`, one worker, an app of {flows:,} "
            f"flows of 8 nodes and 6 formulas each. Cold: an empty home (the store and the first administrator are made "
            f"too). Warm: the same home again, so the parsed definitions are in its cache. {times} times each, medians."
        ),
        figures=(
            Figure(name=f"start of {flows:,} flows, cold", value=statistics.median(cold), unit="s", at_most=10.0),
            Figure(name=f"start of {flows:,} flows, warm", value=statistics.median(warm), unit="s", at_most=2.0),
            Figure(name=f"RSS with {flows:,} flows", value=statistics.median(sizes), unit="MiB"),
        ),
        tables=(Table(("start", "seconds"), (("cold", _each(cold)), ("warm", _each(warm)))),),
    )


def _start(app: Path, home: Path) -> tuple[float, processes.Memory]:
    port = free_port()
    began = time.monotonic()
    with running(serve_command(app, home, port), port, cpu=None) as pid:
        return time.monotonic() - began, processes.memory(processes.family(pid))


def _each(values: Sequence[float]) -> str:
    return ", ".join(shown(value) for value in values)
