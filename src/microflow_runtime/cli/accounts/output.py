"""Prints what the account commands found, and what they could not do."""

from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from microflow_runtime.errors import MicroflowError

Row = dict[str, str | list[str]]


def show(rows: list[Row], *, as_json: bool) -> None:
    """Print rows to standard output: columns for people, where a list takes a line each, or JSON for programs."""
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return
    if not rows:
        return
    heads = list(rows[0])
    lines = [heads]
    for row in rows:
        cells = [value if isinstance(value, list) else [value] for value in row.values()]
        height = max(1, *(len(cell) for cell in cells))
        lines += [[cell[number] if number < len(cell) else "" for cell in cells] for number in range(height)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        typer.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def fail(error: "MicroflowError") -> NoReturn:
    """Say on standard error what went wrong and end with its exit code: 2 settings, 3 store, 4 not allowed, 1 the rest."""
    from microflow_runtime.errors import NotAuthenticated, NotPermitted, SettingsError, StoreError

    typer.echo(f"error {error.code}: {error.message}", err=True)
    if isinstance(error, SettingsError):
        raise typer.Exit(2) from error
    if isinstance(error, StoreError):
        raise typer.Exit(3) from error
    raise typer.Exit(4 if isinstance(error, NotPermitted | NotAuthenticated) else 1) from error
