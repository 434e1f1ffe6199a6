"""Compares a call of this server with the same call hand-written in FastAPI and at the floor, round by round in turns."""

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import generate, processes, quote
from bench.figures import Figure, Section, Table, median_of_ratios, shown, spread
from bench.load import CONNECTIONS, Round, measure
from bench.services import Service, microflow_home, microflow_service, uvicorn_service

_MORE_NODES = 20
_LONG = "microflow, 20 nodes more"


def run(*, seconds: float, rounds: int, only_reference: bool = False) -> Section:
    """Load each service for `seconds` in each of `rounds` rounds; the first round only warms up and is not counted."""
    with ExitStack() as stack:
        contenders: dict[str, tuple[Service, list[bytes]]] = {}
        for name, module in (("fastapi", "bench.fastapi_service"), ("floor", "bench.floor")):
            contenders[name] = (stack.enter_context(uvicorn_service(name, module)), quote.bodies())
        if not only_reference:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="microflow-bench-")))
            app = generate.bench_app(folder, more_nodes=_MORE_NODES)
            home, token = stack.enter_context(microflow_home(app))
            served = stack.enter_context(microflow_service(app, home, token))
            contenders["microflow"] = (served, quote.bodies())
            contenders[_LONG] = (served, quote.bodies(generate.LONG_FLOW))
        measured: dict[str, list[Round]] = {name: [] for name in contenders}
        for turn in range(rounds + 1):
            for name, (service, bodies) in contenders.items():
                found = measure(service, bodies, seconds if turn else min(seconds, 2.0))
                if turn:
                    measured[name].append(found)
        memory = {name: processes.memory(service.pids()) for name, (service, _) in contenders.items()}
    return Section(
        title="One call",
        about=(
            f"The flow `Quote`: start, a gateway on the amount, two mappings with a decimal product and a rounding, end; "
            f"no input or output. All services on uvicorn with uvloop and httptools, access log off, one worker on one "
            f"CPU; wrk on the other with {CONNECTIONS} connections. {rounds} rounds of {seconds:g} s each in turns; "
            f"ratios are medians of the ratios of each round, in brackets the smallest and the largest. The FastAPI "
            f"service and the floor are `bench/fastapi_service.py` and `bench/floor.py`; this server runs with "
            f"everything on. Latencies are those of a saturated server."
        ),
        figures=tuple(_figures(measured)),
        tables=(_table(measured, memory),),
    )


def _figures(measured: Mapping[str, Sequence[Round]]) -> list[Figure]:
    if "microflow" not in measured:
        ratio = median_of_ratios(_rates(measured["floor"]), _rates(measured["fastapi"]))
        return [Figure(name="throughput of the floor over FastAPI", value=ratio, unit="x")]
    ours, fastapi, floor = measured["microflow"], measured["fastapi"], measured["floor"]
    node = statistics.median(
        (longer.cpu - shorter.cpu) / _MORE_NODES for longer, shorter in zip(measured[_LONG], ours, strict=True)
    )
    return [
        Figure(
            name="throughput over FastAPI",
            value=median_of_ratios(_rates(ours), _rates(fastapi)),
            unit="x",
            at_least=3.0,
        ),
        Figure(
            name="CPU per call over the floor",
            value=median_of_ratios([each.cpu for each in ours], [each.cpu for each in floor]),
            unit="x",
            at_most=1.4,
        ),
        Figure(name="CPU of one more node", value=node, unit="us", at_most=2.5),
    ]


def _table(measured: Mapping[str, Sequence[Round]], memory: Mapping[str, processes.Memory]) -> Table:
    rows = tuple(
        (
            name,
            spread(_rates(found)),
            spread([each.cpu for each in found], "us"),
            shown(statistics.median(each.p50 for each in found) / 1000, "ms"),
            shown(statistics.median(each.p99 for each in found) / 1000, "ms"),
            shown(memory[name].rss, "MiB"),
            shown(memory[name].pss, "MiB"),
        )
        for name, found in measured.items()
    )
    head = ("service", "calls a second", "CPU per call", "p50", "p99", "RSS of the largest process", "PSS of all")
    return Table(head, rows)


def _rates(found: Sequence[Round]) -> list[float]:
    return [each.rate for each in found]
