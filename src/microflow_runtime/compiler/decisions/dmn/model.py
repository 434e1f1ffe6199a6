"""What a DMN file defines, and which of it a decision requires, in the order in which it is made.

Modelers differ: a decision may be named by its element, by its variable or by its id, and one of them lets a decision read
what it requires by the id.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler.decisions.dmn.document import DmnDocument, Element
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean

MODELS: Final[Mapping[str, str]] = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_MOST_STEPS: Final = 500
_MOST_DEPTH: Final = 100


class Variable(msgspec.Struct, frozen=True):
    """A name that formulas may see: that of input data, or of the result of a decision. `type_ref` is `""` for any."""

    name: str
    type_ref: str
    path: Path


class DmnStep(msgspec.Struct, frozen=True):
    """A decision, a business knowledge model or a decision service: what it is called, and what it requires.

    `logic` is the element that holds its logic; of a decision service, which has none, `service` is what it makes.
    `alias` is the id where formulas may use it for the name. `inputs` and `steps` are the ids of what it requires.
    """

    variable: Variable
    alias: str
    logic: Element
    service: "Needed | None" = None
    inputs: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


class Needed(msgspec.Struct, frozen=True):
    """What is needed to make what was asked for.

    `inputs` are input data by id, `steps` all that is made by id, each after those that it requires, and `asked` the ids
    of what was asked for.
    """

    inputs: Mapping[str, Variable]
    steps: Mapping[str, DmnStep]
    asked: tuple[str, ...]

    def expressions(self) -> Iterable[Element]:
        """Return the elements with the logic of all decisions and knowledge models, those of services among them."""
        for step in self.steps.values():
            if step.service is not None:
                yield from step.service.expressions()
            else:
                yield step.logic


def needed_for(document: DmnDocument, name: str, path: Path, told: FaultList, faults: FaultList) -> Needed | None:
    """Find a decision or decision service by its name or id, and all that it needs; None after a fault.

    Faults in the file go to `faults`; that there is no such decision is told at `path` of `told`.
    """
    root = document.root
    if root.name != "definitions" or root.namespace not in MODELS:
        faults.add("MF-D182", "The file is no DMN 1.1 to 1.5.", (), help=_found(root))
        return None
    if not is_feel(root, faults):
        return None
    element = _named(root, name, path, told)
    if element is None:
        return None
    search = _Search(root, faults)
    if element.name == "decisionService":
        return search.service(element)
    return search.needed((element,)) if search.visit(element) else None


def is_feel(element: Element, faults: FaultList) -> bool:
    """Check that an element which may choose the language of its formulas chooses FEEL or nothing."""
    language = element.get("expressionLanguage")
    plain = language.lower().rstrip("/")
    if language and not plain.endswith("feel") and "/feel/" not in plain:
        faults.add("MF-D184", f"Formulas in the language {language} are not read.", element.path, help="write FEEL")
        return False
    return True


def name_of(element: Element) -> str:
    """Return the name that formulas use."""
    variable = element.find("variable")
    name = (variable.get("name") if variable is not None else "") or element.get("name")
    return " ".join(name.split())


def variable_of(element: Element) -> Variable:
    """Return the name of an element and the type that it declares."""
    variable = element.find("variable")
    return Variable(name_of(element), variable.get("typeRef") if variable is not None else "", element.path)


def _found(root: Element) -> str:
    return f"its first element is {root.name} of the namespace {root.namespace or '(none)'}"


def _named(root: Element, name: str, path: Path, told: FaultList) -> Element | None:
    """Find what is asked for: by the name of its variable, else by its own name, else by its id."""
    elements = list(root.named("decision", "decisionService"))
    for called in (name_of, lambda each: " ".join(each.get("name").split()), lambda each: each.get("id")):
        found = [each for each in elements if called(each) == name]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(each.get("id") for each in found)
            told.add("MF-D183", f'The file has several decisions "{name}".', path, help=f"name one by its id: {ids}")
            return None
    names = {name_of(each) for each in elements} | {each.get("id") for each in elements} - {""}
    shown = ", ".join(sorted({name_of(each) for each in elements})) or "(none)"
    help_text = did_you_mean(name, names) or f"its decisions are {shown}"
    told.add("MF-D183", f'The file has no decision "{name}".', path, help=help_text)
    return None


class _Search:
    """Goes from what is asked for to all that it requires. `given` are ids of decisions that are given as inputs are."""

    def __init__(self, root: Element, faults: FaultList, given: frozenset[str] = frozenset(), depth: int = 0) -> None:
        self._root = root
        self._by_id = {each.get("id"): each for each in root.children if each.namespace == root.namespace}
        self._faults = faults
        self._given = given
        self._depth = depth
        self._open: list[Element] = []
        self._inputs: dict[str, Variable] = {}
        self._steps: dict[str, DmnStep] = {}

    def needed(self, asked: tuple[Element, ...]) -> Needed | None:
        """Return what was collected for what was asked; None when two of it have one name."""
        if not self._names_differ():
            return None
        return Needed(self._inputs, self._steps, tuple(_key(each) for each in asked))

    def service(self, element: Element) -> Needed | None:
        """Collect what a decision service makes; None after a fault."""
        groups: dict[str, list[Element]] = {}
        for each in element.named("inputData", "inputDecision", "outputDecision"):
            wanted = "inputData" if each.name == "inputData" else "decision"
            found = self._referred(each, wanted)
            if found is None:
                return None
            groups.setdefault(each.name, []).append(found)
        outputs = tuple(groups.get("outputDecision", ()))
        if not outputs:
            self._fault("MF-D184", f'The decision service "{name_of(element)}" has no output decision.', element)
            return None
        given = [*groups.get("inputData", ()), *groups.get("inputDecision", ())]
        inner = _Search(self._root, self._faults, frozenset(map(_key, given)), self._depth + 1)
        for each in given:
            inner._inputs[_key(each)] = variable_of(each)
        visited = [inner.visit(each) for each in outputs]
        return inner.needed(outputs) if all(visited) else None

    def visit(self, element: Element) -> bool:
        """Collect an element and, before it, what it requires; False after a fault."""
        key = _key(element)
        if key in self._steps:
            return True
        name = name_of(element)
        if element in self._open:
            ring = [name_of(each) for each in self._open[self._open.index(element) :]]
            self._fault("MF-D185", f"The decision requires itself: {' → '.join([*ring, name])}.", element)
            return False
        if len(self._steps) >= _MOST_STEPS or len(self._open) + self._depth >= _MOST_DEPTH:
            message = f"A decision requires at most {_MOST_STEPS} others, {_MOST_DEPTH} behind each other."
            self._fault("MF-D185", message, element)
            return False
        self._open.append(element)
        step = self._step(element, name)
        self._open.pop()
        if step is None:
            return False
        self._steps[key] = step
        return True

    def _step(self, element: Element, name: str) -> DmnStep | None:
        identifier = element.get("id")
        alias = identifier if identifier.isidentifier() and identifier != name else ""
        if element.name == "decisionService":
            service = self.service(element)
            return DmnStep(variable_of(element), alias, element, service) if service is not None else None
        inputs: list[str] = []
        steps: list[str] = []
        found = [self._requirement(each, inputs, steps) for each in element.children]
        logic = self._logic(element, name)
        if not all(found) or logic is None:
            return None
        return DmnStep(variable_of(element), alias, logic, None, tuple(inputs), tuple(steps))

    def _requirement(self, requirement: Element, inputs: list[str], steps: list[str]) -> bool:
        if requirement.name not in {"informationRequirement", "knowledgeRequirement"}:
            return True
        for each in requirement.named(*_REQUIRED):
            found = self._referred(each, *_REQUIRED[each.name])
            if found is None:
                return False
            key = _key(found)
            if found.name == "inputData" or key in self._given:
                inputs.append(key)
                self._inputs[key] = variable_of(found)
            elif self.visit(found):
                steps.append(key)
            else:
                return False
        return True

    def _referred(self, reference: Element, *wanted: str) -> Element | None:
        """Find the element that a reference names; None after a fault."""
        href = reference.get("href")
        found = self._by_id.get(href[1:]) if href.startswith("#") else None
        if found is None or found.name not in wanted:
            reason = "outside the file" if href and not href.startswith("#") else "that is not there"
            self._fault("MF-D185", f"The decision requires something {reason}: {href}.", reference)
            return None
        return found

    def _logic(self, element: Element, name: str) -> Element | None:
        """Return the element with the logic of a decision or knowledge model."""
        logic = next((each for each in element.named(*EXPRESSIONS, "encapsulatedLogic")), None)
        if logic is None:
            what = "knowledge model" if element.name == "businessKnowledgeModel" else "decision"
            self._fault("MF-D184", f'The {what} "{name}" has no logic.', element)
        return logic

    def _names_differ(self) -> bool:
        known: set[str] = set()
        for variable in [*self._inputs.values(), *(each.variable for each in self._steps.values())]:
            if variable.name in known or not variable.name:
                message = f'"{variable.name}" is the name of two things.' if variable.name else "It has no name."
                self._faults.add("MF-D185", message, variable.path)
                return False
            known.add(variable.name)
        return True

    def _fault(self, code: str, message: str, element: Element) -> None:
        self._faults.add(code, message, element.path)


def _key(element: Element) -> str:
    return element.get("id") or f"at {element.path}"


_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "requiredInput": ("inputData",),
    "requiredDecision": ("decision",),
    "requiredKnowledge": ("businessKnowledgeModel", "decisionService"),
}
EXPRESSIONS: Final = (
    "decisionTable", "literalExpression", "invocation", "context", "functionDefinition", "relation", "list",
    "conditional", "for", "every", "some", "filter",
)  # fmt: skip
"""The elements of boxed expressions."""
