"""Checks what is needed of a DMN file, one decision after the other, each against the names that it requires."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from microflow_runtime.compiler.decisions import (
    NO_FACTS,
    SUBJECT,
    CheckedTable,
    Entry,
    Facts,
    Paths,
    Surroundings,
    check_tests,
    simple_values,
)
from microflow_runtime.compiler.decisions.dmn import DmnStep, ItemType, ItemTypes, Needed, Variable
from microflow_runtime.compiler.faults import FaultList
from microflow_runtime.feel import ANY, ContextType, Formula, FunctionType, Origin, Type, optional, origin_of
from microflow_runtime.nodes.decision.boxed import KINDS, Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.checker import fitting
from microflow_runtime.nodes.decision.made import CheckedDecisions, CheckedService, CheckedStep, CheckedTests


class Given(msgspec.Struct, frozen=True):
    """What is known of the inputs: their types by name, those that no input data declares among them.

    `origin` gives what an input reads outside the file, None where nobody knows; `facts_of` what is known of the values of
    a path outside.
    """

    types: Mapping[str, Type]
    origin: Callable[[str], Origin | None]
    facts_of: Callable[[tuple[str, ...]], Facts]


class FileCheck:
    """The check of one file. `read` has the names that its formulas read."""

    def __init__(self, types: ItemTypes, faults: FaultList) -> None:
        self.types = types
        self.faults = faults
        self.read: set[str] = set()

    def type_of(self, variable: Variable) -> ItemType:
        """Return the type that a variable declares."""
        return self.types.of(variable.type_ref, variable.path)

    def decisions(self, needed: Needed, given: Given) -> CheckedDecisions | None:
        """Check what is needed; None when any of it has a fault, which is then told."""
        return _Needed(self, needed, given).checked()

    def service(self, step: DmnStep) -> CheckedService | None:
        """Check a decision service that formulas call; it sees nothing but its own inputs."""
        assert step.service is not None
        declared = {each.name: self.type_of(each).type for each in step.service.inputs.values()}
        types = {name: optional(kind) for name, kind in declared.items()}
        inside = self.decisions(step.service, Given(types, lambda _name: None, lambda _path: NO_FACTS))
        if inside is None:
            return None
        what = f'"{step.variable.name}": the argument'
        fits = (
            None if kind is ANY else fitting(kind, f'{what} "{name}" does not fit') for name, kind in declared.items()
        )
        function = FunctionType(tuple(types.values()), inside.type, names=tuple(types))
        return CheckedService(inside, function, tuple(fits))


class _Needed:
    """The check of what is needed for one decision or service."""

    def __init__(self, file: FileCheck, needed: Needed, given: Given) -> None:
        self._file = file
        self._needed = needed
        self._given = given
        self._types = {each.name: file.type_of(each) for each in needed.inputs.values()}
        self._kinds: dict[str, Type] = dict(given.types)
        self._facts: dict[str, Facts] = {}
        taken = {*self._kinds, *(step.variable.name for step in needed.steps.values())}
        self._aliases = {step.alias: step.variable.name for step in needed.steps.values() if step.alias}
        self._aliases = {alias: name for alias, name in self._aliases.items() if alias not in taken}
        declared = {each.name for each in needed.inputs.values()}
        self._undeclared = {name: kind for name, kind in given.types.items() if name not in declared}
        self._boxes = BoxedChecker(KINDS, file.types, file.faults, self._surroundings, self._allowed_of)

    def checked(self) -> CheckedDecisions | None:
        """Check all of it."""
        steps = [self._step(step) for step in self._needed.steps.values()]
        inputs = tuple((name, self._tests(self._types.get(name))) for name in self._given.types)
        self._file.read |= self._boxes.read
        good = [step for step in steps if step is not None]
        if len(good) < len(steps):
            return None
        asked = tuple(self._needed.steps[each].variable.name for each in self._needed.asked)
        kinds = tuple((name, self._kinds[name]) for name in asked)
        kind = kinds[0][1] if len(kinds) == 1 else ContextType("", kinds)
        aliases = {alias: name for alias, name in self._aliases.items() if alias in self._boxes.read}
        return CheckedDecisions(inputs, tuple(good), aliases, asked, kind)

    def _step(self, step: DmnStep) -> CheckedStep | None:
        name = step.variable.name
        declared = self._file.type_of(step.variable) if step.logic.name != "encapsulatedLogic" else ItemType(ANY)
        self._types[name] = declared
        logic: Boxed | CheckedService | None
        if step.service is not None:
            logic = self._file.service(step)
        else:
            logic = self._boxes.check(step.logic, self._scope(step), name)
            if logic is not None and declared.type is not ANY:
                logic = self._boxes.declared(logic, step.variable.type_ref, step.variable.path, f'"{name}"')
        self._kinds[name] = logic.type if logic is not None else ANY
        if isinstance(logic, Boxed) and logic.table is not None:
            self._facts[name] = _facts_of_table(logic.table)
        tests = self._tests(declared) if step.service is None else ()
        return CheckedStep(name, logic, tests) if logic is not None else None

    def _scope(self, step: DmnStep) -> BoxedScope:
        """Return what a step sees: what it requires by name and by id, and what is given and no input data declares."""
        names = [self._needed.inputs[each].name for each in step.inputs]
        names += [self._needed.steps[each].variable.name for each in step.steps]
        types = {**self._undeclared, **{name: self._kinds[name] for name in names}}
        aliases = {alias: self._kinds[name] for alias, name in self._aliases.items() if name in names}
        return BoxedScope({**aliases, **types})

    def _tests(self, declared: ItemType | None) -> tuple[CheckedTests, ...]:
        """Check the tests that the values of a type and of what it consists of pass."""
        around, checked = self._surroundings(BoxedScope({})), []
        for each in declared.allowed if declared is not None else ():
            formula = check_tests(each.tests, {SUBJECT: optional(each.type)}, around)
            checked += [] if formula is None else [CheckedTests(each.path, formula)]
        return tuple(checked)

    def _surroundings(self, scope: BoxedScope) -> Surroundings:
        return Surroundings(
            scope=scope.types,
            faults=self._file.faults,
            shift=0,
            facts_of=lambda formula: self._facts_of(formula, scope),
            paths_of=lambda formula: self._paths_of(formula, scope),
        )

    def _allowed_of(self, name: str) -> Entry | None:
        root, *path = name.split(".")
        found = self._types.get(self._aliases.get(root, root))
        return found.tests_at(*path) if found is not None else None

    def _facts_of(self, formula: Formula, scope: BoxedScope) -> Facts:
        origin = origin_of(formula)
        if not origin.is_path:
            return NO_FACTS
        (name, *rest) = origin.paths[0]
        name = self._aliases.get(name, name)
        if name in scope.local:
            return NO_FACTS
        if name in self._facts:
            return NO_FACTS if rest else self._facts[name]
        outside = self._given.origin(name) if name in self._given.types else None
        is_path = outside is not None and outside.is_path
        return self._given.facts_of((*outside.paths[0], *rest)) if outside is not None and is_path else NO_FACTS

    def _paths_of(self, formula: Formula, scope: BoxedScope) -> Paths | None:
        """Return the paths outside; None when a decision is read, whose result depends on who knows what."""
        paths: list[tuple[str, ...]] = []
        for name, *rest in origin_of(formula).paths:
            known = name in self._given.types and name not in scope.local
            outside = self._given.origin(name) if known else None
            if outside is None:
                return None
            paths += [(*path, *rest) for path in outside.paths] if outside.is_path else outside.paths
        return tuple(paths)


def undeclared_types(needed: Needed, names: Iterable[str], types: ItemTypes) -> dict[str, Type]:
    """Return the types of names that no input data declares: what tables say of the inputs that are those names.

    Any type where none says anything, or two say different things.
    """
    said: dict[str, set[Type]] = {name: set() for name in names}
    for logic in needed.expressions():
        for clause in logic.named("input") if logic.name == "decisionTable" else ():
            expression = clause.find("inputExpression")
            text = expression.find("text") if expression is not None else None
            plain = " ".join(text.text.split()) if text is not None else ""
            if expression is not None and expression.get("typeRef") and plain in said:
                said[plain].add(types.of(expression.get("typeRef"), expression.path).type)
    return {name: optional(kinds.pop()) if len(kinds) == 1 else ANY for name, kinds in said.items()}


def _facts_of_table(table: CheckedTable) -> Facts:
    """Return all values that a table of one output gives, when they are constants."""
    if len(table.outputs) > 1 or table.gives_list or table.aggregate is not None:
        return NO_FACTS
    output = table.outputs[0]
    entries = [rule.entries[0] for rule in table.rules] + ([] if output.default is None else [output.default])
    constants = [each.literal for each in entries if each is not None and each.formula is None]
    if len(constants) < len([each for each in entries if each is not None]):
        return NO_FACTS
    values = simple_values(tuple(value for value in constants if value is not None), output.given)
    return NO_FACTS if values is None else Facts(only=values)
