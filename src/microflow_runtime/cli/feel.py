"""`microflow feel EXPR`: evaluates a formula, or every line of a prompt."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from microflow_runtime.cli.options import read_data

if TYPE_CHECKING:
    from microflow_runtime.cli.feel_answer import Answer


def feel(
    expr: Annotated[str | None, typer.Argument(help="The formula; without one, a prompt asks for formulas.")] = None,
    *,
    data: Annotated[
        str, typer.Option("--data", "-d", help="The names and their values as JSON, @FILE, or - for standard input.")
    ] = "{}",
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 where the standard gives null for an error, as flows do.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print every part of the formula with its value.")] = False,
) -> None:
    """Evaluate a formula and print its value as JSON; the errors that null hides are told on standard error.

    Without a formula a terminal gets a prompt with history and completion; else the formula comes from standard input.
    """
    from microflow_runtime.cli.feel_answer import answer

    if expr is None and data == "-":
        typer.echo("microflow: name a formula: microflow feel EXPR -d -", err=True)
        raise typer.Exit(2)
    values = _values(data)
    if expr is None and sys.stdin.isatty():
        from microflow_runtime.cli.feel_prompt import ask

        ask(values, lambda text, explains: show(answer(text, values, strict=strict, explain=explain or explains)))
        return
    text = sys.stdin.read().strip() if expr is None else expr
    if not show(answer(text, values, strict=strict, explain=explain)):
        raise typer.Exit(1)


def show(found: "Answer") -> bool:
    """Print an answer, its faults to standard error; tell whether there is a value."""
    from microflow_runtime.cli.faults import color_wanted, render

    if found.shown:
        typer.echo(found.shown)
    if found.faults:
        color = color_wanted(os.environ, is_terminal=sys.stderr.isatty())
        typer.echo(render(found.faults, color=color), nl=False, err=True)
    return not found.failed


def _values(data: str) -> dict[str, Any]:
    """Read the names and their values; ends with exit code 2 when they are no JSON object."""
    from microflow_runtime.compiler.business_objects import decode_json
    from microflow_runtime.compiler.formulas import literal_of
    from microflow_runtime.errors import BadRequest

    try:
        values = literal_of(decode_json(read_data(data))).literal
    except BadRequest as error:
        typer.echo(f"microflow: --data: {error.message.replace('The body', 'it')}", err=True)
        raise typer.Exit(2) from error
    if not isinstance(values, dict):
        typer.echo("microflow: --data: it is no JSON object of names and their values.", err=True)
        raise typer.Exit(2)
    return values
