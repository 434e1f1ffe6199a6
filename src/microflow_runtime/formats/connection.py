"""The connection that a node of files names, and the right to use it."""

from collections.abc import Callable
from typing import Any

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Computed
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.engine.run import Run
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import STRING
from microflow_runtime.model.app import App
from microflow_runtime.model.file_connection import FILE_TYPES


def check_connection(context: NodeContext, name: str) -> None:
    """Check that the app has the connection, and that it holds files."""
    connections = context.library.app.connections
    found = connections.get(name)
    if found is None:
        message = f'The application has no connection "{name}".'
        context.fault("MF-D110", message, "connection", help=did_you_mean(name, connections))
    elif found.type not in FILE_TYPES:
        message = f'The connection "{name}" is of the type {found.type}, which holds no files.'
        context.fault("MF-D110", message, "connection", help=f"types that do: {', '.join(FILE_TYPES)}")


def check_name(context: NodeContext, value: Any, key: str) -> Computed | None:
    """Check a setting that names a file: a formula or a literal."""
    if not isinstance(value, str):
        context.fault("MF-D164", f"`{key}` is the name of a file.", key, help="a text, or a formula that gives one")
        return None
    return context.setting(value, key, expected=STRING)


def right_check(app: App, connection: str) -> Callable[[Run], None]:
    """Give what refuses a caller who may not use the connection, by a NodeError of kind `permission`."""
    object_name = f"{app.name}/{connection}"

    def check(run: Run) -> None:
        if not run.principal.may("connection", object_name, "use"):
            raise NodeError(f'"{run.principal.username}" may not use the connection "{connection}".', kind="permission")

    return check


def name_of(value: Any) -> str:
    """Take what a formula gave as the name of a file. Raises NodeError of kind `file` for anything but a text."""
    if not isinstance(value, str):
        raise NodeError("the name of a file is a text, and the formula gave something else.", kind="file")
    return value
