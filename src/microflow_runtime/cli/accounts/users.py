"""`microflow user add|list|set|remove`."""

from typing import Annotated

import typer

from microflow_runtime.cli.accounts.output import Row, show
from microflow_runtime.cli.accounts.work import AsJson, Home, StoreAddress, read_secret, run

user_app = typer.Typer(name="user", no_args_is_help=True, help="Users and service accounts.")

Names = Annotated[list[str] | None, typer.Option("--role", help="A role to give; may be given several times.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
Field = Annotated[
    list[str] | None, typer.Option("--field", help="NAME=VALUE, as email=a@b.example; may be given several times.")
]


@user_app.command("add")
def add_user(
    name: str,
    *,
    home: Home = None,
    store: StoreAddress = None,
    role: Names = None,
    service_account: Annotated[bool, typer.Option("--service-account", help="Flows may run as it.")] = False,
    password_stdin: PasswordStdin = False,
    field: Field = None,
) -> None:
    """Add a user, or a service account. Without a password nobody can log in as the user."""
    from microflow_runtime.service import users

    secret, fields = read_secret(from_stdin=password_stdin), _split_fields(field)
    run(
        home,
        store,
        lambda security, operator: users.add_user(
            security, operator, name, password=secret, roles=role or (), service_account=service_account, fields=fields
        ),
    )


@user_app.command("list")
def list_users(*, home: Home = None, store: StoreAddress = None, as_json: AsJson = False) -> None:
    """List the users with their roles."""
    from microflow_runtime.service import users

    found = run(home, store, users.list_users)
    rows: list[Row] = [
        {
            "name": user.username,
            "kind": "service account" if user.service_account else "user",
            "state": "disabled" if user.disabled else "active",
            "roles": list(user.roles),
        }
        for user in found
    ]
    show(rows, as_json=as_json)


@user_app.command("set")
def set_user(
    name: str,
    *,
    home: Home = None,
    store: StoreAddress = None,
    role: Names = None,
    drop_role: Annotated[list[str] | None, typer.Option("--drop-role", help="A role to take away.")] = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Whether the user is let in.")] = None,
    password_stdin: PasswordStdin = False,
    keep_sessions: Annotated[
        bool, typer.Option("--keep-sessions", help="Leave logins and access tokens alone when the password changes.")
    ] = False,
    field: Field = None,
) -> None:
    """Change a user: roles, password, names, whether it is let in.

    Its logins end where its rights change; a new password ends its logins and access tokens.
    """
    from microflow_runtime.service import users

    secret, fields = read_secret(from_stdin=password_stdin), _split_fields(field)
    run(
        home,
        store,
        lambda security, operator: users.set_user(
            security, operator, name,
            password=secret, disabled=disabled, add_roles=role or (), drop_roles=drop_role or (), fields=fields,
            keep_sessions=keep_sessions,
        ),
    )  # fmt: skip


@user_app.command("remove")
def remove_user(name: str, *, home: Home = None, store: StoreAddress = None) -> None:
    """Remove a user with its sessions and tokens."""
    from microflow_runtime.service import users

    run(home, store, lambda security, operator: users.remove_user(security, operator, name))


def _split_fields(fields: list[str] | None) -> dict[str, str]:
    pairs = {}
    for field in fields or []:
        name, equals, value = field.partition("=")
        if not equals:
            raise typer.BadParameter(f"expected NAME=VALUE, found {field}", param_hint="--field")
        pairs[name] = value
    return pairs
