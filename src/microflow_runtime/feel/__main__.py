"""`python -m microflow_runtime.feel --cases FILE` runs a file of cases, `--reference` prints the page of functions."""

import argparse
import sys
from pathlib import Path

from microflow_runtime.feel.cases import read_cases, run
from microflow_runtime.feel.reference import render


def main(arguments: list[str] | None = None) -> int:
    """Run the cases; give 0 when all pass, 1 when one fails, 2 when the file is none."""
    parser = argparse.ArgumentParser(
        prog="python -m microflow_runtime.feel", description="Run cases of FEEL, or print its reference."
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--cases", type=Path, metavar="FILE", help="run a JSON list of cases")
    choice.add_argument("--reference", action="store_true", help="print the reference page of the functions")
    options = parser.parse_args(arguments)
    if options.reference:
        sys.stdout.write(render())
        return 0
    try:
        cases = read_cases(options.cases)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{options.cases}: {error}\n")
        return 2
    outcomes = list(run(cases))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    lines = [f"FAILED {outcome.case.id}\n  expected {outcome.expected}\n  got      {outcome.got}" for outcome in failed]
    with_value = [outcome for outcome in outcomes if outcome.case.has_value]
    good = sum(outcome.passed for outcome in with_value)
    lines.append(f"of the cases with a value: {good} passed, {len(with_value) - good} failed")
    lines.append(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
