"""`microflow migrate`: brings the store to the present schema, and removes what no release needs any more."""

from typing import Annotated

import typer

from microflow_runtime.cli.options import Home, StoreAddress, settings_from


def migrate(
    *,
    home: Home = None,
    store: StoreAddress = None,
    post: Annotated[
        bool, typer.Option("--post", help="Also remove what older releases need: none of them can serve afterwards.")
    ] = False,
) -> None:
    """Bring the store to the schema of this release, as every start does, and tell what it is."""
    import asyncio

    from microflow_runtime.cli.accounts.output import fail
    from microflow_runtime.errors import MicroflowError
    from microflow_runtime.store import migrate_store, open_store

    settings = settings_from(home=home, store=store)
    try:
        removed = migrate_store(settings, removals=post)
        opened = open_store(settings)
        typer.echo(", ".join(opened.describe()))
        asyncio.run(opened.close())
    except MicroflowError as error:
        fail(error)
    if post:
        typer.echo(f"removed by {', '.join(removed)}" if removed else "nothing to remove")
