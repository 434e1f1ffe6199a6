"""`microflow versions`: what is published on a running server, and what answers."""

from typing import Annotated, Any

import typer

from microflow_runtime.cli.accounts.output import Row, show
from microflow_runtime.cli.server_call import ServerCalls, Token, Url


def versions(
    app: Annotated[str, typer.Argument(help="An app; none means all.")] = "",
    *,
    history: Annotated[bool, typer.Option("--history", help="Show what was activated, when and by whom.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of columns.")] = False,
    url: Url = "",
    token: Token = "",
) -> None:
    """List the snapshots of apps, the newest first, and mark what answers and what is withdrawn. With --history, what answered before."""
    import msgspec

    if history and not app:
        typer.echo("microflow: name an app: microflow versions APP --history", err=True)
        raise typer.Exit(2)
    server = ServerCalls(url, token)
    body = server.get("snapshots", app) if app else server.get("snapshots")
    told: dict[str, Any] = msgspec.json.decode(body)
    if as_json:
        typer.echo(msgspec.json.format(body, indent=2).decode())
    elif history:
        show([_history_row(row) for row in told["history"]], as_json=False)
    else:
        show([row for each in ([told] if app else told["apps"]) for row in _rows(each)], as_json=False)


def _rows(app: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    if app["working"]:
        is_active = app["active"] == "working"
        rows.append(_row(app["app"], app["working"], "active" if is_active else "", "working folder", "", "", ""))
    for each in app["snapshots"]:
        state = "active" if each["is_active"] else "withdrawn" if each.get("withdrawn_at") else ""
        kind = f"patch of {each['base']}" if each["base"] else each["kind"]
        at = each["created_at"].replace("T", " ")[:16]
        flows, by = str(each["flows"]), each["created_by"]
        rows.append(_row(app["app"], each["version"], state, kind, flows, at, by))
    return rows


def _row(app: str, version: str, state: str, kind: str, flows: str, at: str, by: str) -> Row:
    return {
        "app": app,
        "version": version,
        "state": state,
        "kind": kind,
        "flows": flows,
        "published (UTC)": at,
        "by": by,
    }


def _history_row(row: dict[str, Any]) -> Row:
    return {"activated (UTC)": row["at"].replace("T", " ")[:19], "version": row["version"], "by": row["actor"]}
