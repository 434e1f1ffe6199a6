"""The tests that stand in a flow: their inputs and expected outputs are checked against the flow's declarations.

Values are data as a caller would send them, never formulas. `expected` may leave out fields: what it names is compared.
Where an error is expected, the input may be wrong in its values, but not in its names: those would be passed over.
"""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.compiler.business_objects import BoClass, shape_of
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.formulas import check_literal
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import FlowTest, Microflow
from microflow_runtime.model.type_ref import TypeRef

_Declared = Mapping[str, TypeRef]


def check_tests(
    flow: Microflow,
    business_objects: Mapping[str, BusinessObject],
    classes: Mapping[str, BoClass],
    faults: FaultList,
) -> None:
    """Check the tests of a flow whose types are all there."""
    checking = _Checking(business_objects, classes, faults)
    for number, test in enumerate(flow.tests):
        here: Path = ("tests", number)
        checking.input(test, flow.inputs, here)
        checking.named(test.expected or {}, flow.outputs, (*here, "expected"), "output")


class _Checking:
    """Checks values as they stand in a file."""

    def __init__(
        self, business_objects: Mapping[str, BusinessObject], classes: Mapping[str, BoClass], faults: FaultList
    ) -> None:
        self._business_objects = business_objects
        self._classes = classes
        self._faults = faults

    def input(self, test: FlowTest, declared: _Declared, here: Path) -> None:
        """Check what a test sends: names, and, where it is to succeed, that all is there and fits."""
        before = len(self._faults.faults)
        is_good = test.expected_error is None
        self.named(test.input, declared, (*here, "input"), "input", reads_values=is_good)
        if not is_good or len(self._faults.faults) > before:
            return
        for name, ref in declared.items():
            value = test.input.get(name)
            if value is not None:
                check_literal(value, shape_of(ref, self._classes), (*here, "input", name), self._faults)
            elif not ref.is_optional and not ref.is_list:
                path = (*here, "input") if test.input else here
                self._faults.add("MF-D095", f'The test "{test.name}" needs the input "{name}".', path)

    def named(
        self, given: Mapping[str, Any], declared: _Declared, path: Path, what: str, *, reads_values: bool = True
    ) -> None:
        """Check values by their names, each of which must be declared."""
        for name, value in given.items():
            if name in declared:
                self._value(value, declared[name], (*path, name), reads_values=reads_values)
            else:
                message = f'The flow has no {what} "{name}".'
                self._faults.add("MF-D095", message, (*path, name), at_key=True, help=did_you_mean(name, declared))

    def _value(self, value: Any, ref: TypeRef, path: Path, *, reads_values: bool) -> None:
        if isinstance(value, list) and ref.is_list:
            for position, each in enumerate(value):
                self._value(each, TypeRef(ref.name), (*path, position), reads_values=reads_values)
        elif isinstance(value, dict) and not ref.is_list and not ref.is_simple:
            self._fields(value, self._business_objects[ref.name], path, reads_values=reads_values)
        elif value is not None and reads_values:
            check_literal(value, shape_of(ref, self._classes), path, self._faults)

    def _fields(self, value: dict[str, Any], definition: BusinessObject, path: Path, *, reads_values: bool) -> None:
        types = {field.name: field.type for field in definition.fields}
        for name, inner in value.items():
            if name in types:
                self._value(inner, types[name], (*path, name), reads_values=reads_values)
            else:
                message = f'{definition.name} has no field "{name}".'
                self._faults.add("MF-D095", message, (*path, name), at_key=True, help=did_you_mean(name, types))
