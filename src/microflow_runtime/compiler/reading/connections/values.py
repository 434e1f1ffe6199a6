"""What a connection's settings come to in one environment."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from microflow_runtime.compiler.reading.connections.table import TYPES
from microflow_runtime.compiler.reading.connections.words import VARIABLE
from microflow_runtime.compiler.reading.findings import Findings, KeyPath
from microflow_runtime.compiler.reading.node_definition import Factor
from microflow_runtime.compiler.reading.shapes import BAD, Schema, Whole
from microflow_runtime.errors import Place, SettingsError
from microflow_runtime.model.app import App


class Numeral(msgspec.Struct, frozen=True):
    """A number, or the text of one: variables are always text."""

    shape: Any

    @property
    def example(self) -> str:
        """See Shape."""
        return str(self.shape.example)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """See Shape."""
        return self.shape.read(_number(value) if isinstance(value, str) else value, path, findings)

    def schema(self) -> Schema:
        """See Shape."""
        schema: Schema = self.shape.schema()
        return schema


def settings_in(app: App, connection: str, environment: str) -> Any:
    """Give the record of a connection's type with every variable replaced by its value in the environment.

    A value that comes in is not looked at for variables again. Raises SettingsError when a variable is missing or its
    value does not fit.
    """
    found = app.connections[connection]
    chosen = app.environments.get(environment)
    try:
        settings = _filled(found.settings, chosen.variables if chosen else {})
    except KeyError as error:
        raise SettingsError(
            f'The connection "{connection}" of {app.name} names the variable {error}, which the environment '
            f'"{environment}" does not have.'
        ) from error
    place = Place("app.yaml", 0, 0, 0)
    findings = Findings(lambda _: place, lambda _: place, lambda _: "")
    record = TYPES[found.type](_strict).read(settings, ("connections", connection), findings)
    if record is BAD or findings.faults:
        raise SettingsError(f"{app.name} in the environment {environment}: {findings.faults[0].message}.")
    return record


def _strict(shape: Any) -> Any:
    return Numeral(shape) if isinstance(shape, Whole | Factor) else shape


def _number(text: str) -> Any:
    try:
        number = Decimal(text) if len(text) < 20 else None
    except InvalidOperation:
        return text
    if number is None or not number.is_finite():
        return text
    return int(number) if number == number.to_integral_value() else number


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return VARIABLE.sub(lambda match: variables[match[1]], value)
    if isinstance(value, dict):
        return {name: _filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables) for item in value]
    return value
