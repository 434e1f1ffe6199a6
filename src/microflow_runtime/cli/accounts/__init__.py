"""`microflow user|role|client|token|grant add|list|set|remove`: what an operator does on the store of a home.

Others use: the five Typer applications, for the main command to mount.
"""

from microflow_runtime.cli.accounts.clients import client_app
from microflow_runtime.cli.accounts.grants import grant_app
from microflow_runtime.cli.accounts.roles import role_app
from microflow_runtime.cli.accounts.tokens import token_app
from microflow_runtime.cli.accounts.users import user_app

__all__ = ["client_app", "grant_app", "role_app", "token_app", "user_app"]
