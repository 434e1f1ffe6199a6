"""The entry of `make bench`: runs the benchmarks one after another, prints them, and writes docs/benchmarks.md.

`--short` takes seconds instead of minutes and writes nothing; `--only NAME` runs one; `--no-write` prints alone.
Ends with 1 when a figure misses its target.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from typing import Final

from bench import calls, database, engine, formula, machine, refresh, report, scale, startup
from bench.figures import Section
from bench.services import ROOT

PAGE: Final = ROOT / "docs" / "benchmarks.md"

LONG: Final[dict[str, Callable[[], Section]]] = {
    "calls": lambda: calls.run(seconds=5, rounds=7),
    "startup": lambda: startup.run(flows=1000, times=3),
    "refresh": lambda: refresh.run(flows=1000, seconds=8, rounds=4, per_second=600),
    "formula": lambda: formula.run(turns=9),
    "database": lambda: database.run(calls=1000, rounds=9),
    "engine": lambda: engine.run(rounds=7),
    "scale": lambda: scale.run(scale.Plan()),
}
SHORT: Final[dict[str, Callable[[], Section]]] = {
    "calls": lambda: calls.run(seconds=1, rounds=3),
    "startup": lambda: startup.run(flows=1000, times=1),
    "refresh": lambda: refresh.run(flows=1000, seconds=3, rounds=2, per_second=600),
    "formula": lambda: formula.run(turns=3),
    "database": lambda: database.run(calls=100, rounds=3),
    "engine": lambda: engine.run(rounds=2),
    "scale": lambda: scale.run(scale.SHORT),
}


def main() -> int:
    """Run what was asked for."""
    options = _options()
    plan = SHORT if options.short else LONG
    wanted = options.only or list(plan)
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            print(f"bench: {tool} is not installed; `make bench` installs what it needs", file=sys.stderr)
            return 1
    sections = []
    for name in wanted:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        section = plan[name]()
        print(report.section(section), flush=True)
        sections.append(section)
    print(report.targets(sections))
    if not (options.short or options.only or options.no_write):
        PAGE.write_text(report.page(sections, machine.describe()), encoding="utf-8")
        print(f"bench: wrote {PAGE.relative_to(ROOT)}", file=sys.stderr)
    missed = report.missed(sections)
    for figure in missed:
        print(f"bench: missed: {figure.name}", file=sys.stderr)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a quick look, in seconds; writes nothing")
    parser.add_argument("--only", action="append", choices=list(LONG), help="run this benchmark alone; writes nothing")
    parser.add_argument("--no-write", action="store_true", help="print alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
