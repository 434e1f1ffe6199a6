"""What a DMN file defines: its input data and decisions, and which of them a decision requires, in the order they are made."""

from collections.abc import Mapping
from typing import Final

import msgspec

from microflow_runtime.compiler.decisions.dmn.document import DmnDocument, Element
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean

MODELS: Final[Mapping[str, str]] = {
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_MOST_DECISIONS: Final = 500
_MOST_DEPTH: Final = 100


class Variable(msgspec.Struct, frozen=True):
    """A name that formulas may see: that of input data, or of the result of a decision. `type_ref` is `""` for any."""

    name: str
    type_ref: str
    path: Path


class DmnDecision(msgspec.Struct, frozen=True):
    """A decision: what it is called, the one element that holds its logic, the ids of what it requires."""

    variable: Variable
    logic: Element
    inputs: tuple[str, ...]
    decisions: tuple[str, ...]


class Needed(msgspec.Struct, frozen=True):
    """What a decision needs: input data by id, and decisions by id, each after those that it requires, the one asked for last."""

    inputs: Mapping[str, Variable]
    decisions: Mapping[str, DmnDecision]


def needed_for(document: DmnDocument, name: str, path: Path, told: FaultList, faults: FaultList) -> Needed | None:
    """Find a decision by its name, and all that it needs; None after a fault.

    Faults in the file go to `faults`; that there is no such decision is told at `path` of `told`.
    """
    root = document.root
    if root.name != "definitions" or root.namespace not in MODELS:
        faults.add("MF-D182", "The file is no DMN 1.3, 1.4 or 1.5.", (), help=_found(root))
        return None
    if not _is_feel(root, faults):
        return None
    search = _Search(root, faults)
    names = {search.name_of(each): each for each in root.named("decision")}
    if name not in names:
        help_text = did_you_mean(name, names) or f"its decisions are {', '.join(sorted(names)) or '(none)'}"
        told.add("MF-D183", f'The file has no decision "{name}".', path, help=help_text)
        return None
    if not search.visit(names[name]):
        return None
    return Needed(search.inputs, search.decisions) if search.names_differ() else None


def _found(root: Element) -> str:
    return f"its first element is {root.name} of the namespace {root.namespace or '(none)'}"


def _is_feel(element: Element, faults: FaultList) -> bool:
    """Check that an element which may choose the language of its formulas chooses FEEL or nothing."""
    language = element.get("expressionLanguage")
    if language and not language.lower().rstrip("/").endswith("feel"):
        faults.add("MF-D184", f"Formulas in the language {language} are not read.", element.path, help="write FEEL")
        return False
    return True


class _Search:
    """Goes from a decision to all that it requires."""

    def __init__(self, root: Element, faults: FaultList) -> None:
        self._by_id = {each.get("id"): each for each in root.children if each.namespace == root.namespace}
        self._faults = faults
        self._open: list[Element] = []
        self.inputs: dict[str, Variable] = {}
        self.decisions: dict[str, DmnDecision] = {}

    @staticmethod
    def name_of(element: Element) -> str:
        """Give the name that formulas use."""
        variable = element.find("variable")
        name = (variable.get("name") if variable is not None else "") or element.get("name")
        return " ".join(name.split())

    def visit(self, element: Element) -> bool:
        """Collect a decision and, before it, what it requires; False after a fault."""
        key = element.get("id") or f"at {element.path}"
        if key in self.decisions:
            return True
        name = self.name_of(element)
        if element in self._open:
            ring = [self.name_of(each) for each in self._open[self._open.index(element) :]]
            self._fault("MF-D185", f"The decision requires itself: {' → '.join([*ring, name])}.", element)
            return False
        if len(self.decisions) >= _MOST_DECISIONS or len(self._open) >= _MOST_DEPTH:
            message = f"A decision requires at most {_MOST_DECISIONS} others, {_MOST_DEPTH} behind each other."
            self._fault("MF-D185", message, element)
            return False
        self._open.append(element)
        inputs: list[str] = []
        decisions: list[str] = []
        found = [self._requirement(each, inputs, decisions) for each in element.children]
        self._open.pop()
        logic = self._logic(element, name)
        if not all(found) or logic is None:
            return False
        variable = self._variable(element)
        self.decisions[key] = DmnDecision(variable, logic, tuple(inputs), tuple(decisions))
        return True

    def _requirement(self, requirement: Element, inputs: list[str], decisions: list[str]) -> bool:
        if requirement.name == "knowledgeRequirement":
            message = "Business knowledge models are not read."
            self._fault("MF-D184", message, requirement, "write what it computes into the decision")
            return False
        if requirement.name != "informationRequirement":
            return True
        for each in requirement.named("requiredInput", "requiredDecision"):
            href = each.get("href")
            wanted = "inputData" if each.name == "requiredInput" else "decision"
            found = self._by_id.get(href[1:]) if href.startswith("#") else None
            if found is None or found.name != wanted:
                reason = "outside the file" if href and not href.startswith("#") else "that is not there"
                self._fault("MF-D185", f"The decision requires something {reason}: {href}.", each)
                return False
            if wanted == "inputData":
                inputs.append(href[1:])
                self.inputs[href[1:]] = self._variable(found)
            elif self.visit(found):
                decisions.append(href[1:])
            else:
                return False
        return True

    def _variable(self, element: Element) -> Variable:
        variable = element.find("variable")
        type_ref = variable.get("typeRef") if variable is not None else ""
        return Variable(self.name_of(element), type_ref, element.path)

    def _logic(self, element: Element, name: str) -> Element | None:
        """Give the element with the logic of a decision, one that is read."""
        logic = next((each for each in element.named(*_LOGIC)), None)
        if logic is None:
            self._fault("MF-D184", f'The decision "{name}" has no logic.', element)
            return None
        if logic.name not in {"decisionTable", "literalExpression"}:
            help_text = "decision tables and literal expressions are"
            self._fault(
                "MF-D184", f'The decision "{name}" is a boxed {logic.name}, which is not read.', logic, help_text
            )
            return None
        if logic.find("importedValues") is not None:
            self._fault("MF-D184", f'The decision "{name}" takes its values from outside the file.', logic)
            return None
        expressions = [logic] if logic.name == "literalExpression" else _expressions(logic)
        good = [_is_feel(each, self._faults) for each in expressions]
        return logic if all(good) else None

    def names_differ(self) -> bool:
        """Check that no two of what was collected have one name."""
        known: set[str] = set()
        for variable in [*self.inputs.values(), *(each.variable for each in self.decisions.values())]:
            if variable.name in known or not variable.name:
                message = f'"{variable.name}" is the name of two things.' if variable.name else "It has no name."
                self._faults.add("MF-D185", message, variable.path)
                return False
            known.add(variable.name)
        return True

    def _fault(self, code: str, message: str, element: Element, help_text: str = "") -> None:
        self._faults.add(code, message, element.path, help=help_text)


_LOGIC: Final = (
    "decisionTable", "literalExpression", "invocation", "context", "functionDefinition", "relation", "list",
    "conditional", "for", "every", "some", "filter",
)  # fmt: skip


def _expressions(table: Element) -> list[Element]:
    """Give every element of a table that may choose a language."""
    inner = [each for clause in table.named("input", "output", "rule") for each in clause.children]
    return [each for each in inner if "expressionLanguage" in each.attributes]
