"""`microflow user|role|client|token add|list|set|remove`: what an operator does on the store of a home.

Others use: the four Typer applications, for the main command to mount.
"""

from microflow_runtime.cli.accounts.clients import client_app
from microflow_runtime.cli.accounts.roles import role_app
from microflow_runtime.cli.accounts.tokens import token_app
from microflow_runtime.cli.accounts.users import user_app

__all__ = ["client_app", "role_app", "token_app", "user_app"]
