"""What a node type sees of the node it checks: settings, scope, mappings, and where to report faults."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Protocol, get_args, get_origin

import msgspec

from microflow_runtime.compiler.assigned import targets_written, targets_written_inside
from microflow_runtime.compiler.business_objects import BoClass
from microflow_runtime.compiler.faults import FaultList, Path, did_you_mean
from microflow_runtime.compiler.feel_types import CALLER, FeelTypes
from microflow_runtime.compiler.formulas import Computed, Evaluate, check_formula, literal_of
from microflow_runtime.compiler.library import Library
from microflow_runtime.compiler.mapping import Assignment, Targets, bind_mapping, check_mapping, lines_of
from microflow_runtime.compiler.plan import Assign, Block, Sensitive
from microflow_runtime.compiler.presence import Known
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.compiler.sensitive import ReadsOfNode
from microflow_runtime.feel import ANY, BOOLEAN, Type, optional, paths_present
from microflow_runtime.model.microflow import Node
from microflow_runtime.model.type_ref import SIMPLE_TYPES, TypeRef

_TYPE: Final = re.compile(r"(\[\s*(?P<item>[^][?]+?)\s*\]|(?P<single>[^][?]+?))(?P<optional>\?)?")

_WORD: Final = re.compile(r"[^\W\d]\w*")


def scope_of(known: Known) -> dict[str, Type]:
    """Give the types of all names that a formula sees where this is known."""
    return {"caller": CALLER, **known.types()}


class Layout:
    """The places of names in the frame. Grows while nodes are checked; complete before anything is bound."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {"caller": 0}

    def slot(self, name: str) -> int:
        """Give the place of a name, a new one when it has none yet."""
        return self.slots.setdefault(name, len(self.slots))


class Body(Protocol):
    """The checked nodes inside a node."""

    scope_at_end: Mapping[str, Type]
    """What a formula may expect of the names that the body sees, when it has come to an end."""
    known_at_end: Known | None
    """What is known there; None where the body never comes to an end."""

    def writes(self) -> Iterator[tuple[str, Path]]:
        """Give the variables that the body writes, with the place of each line that does."""
        ...

    def reads(self) -> set[str]:
        """Give the names that the body reads."""
        ...

    def build(self) -> Block:
        """Make the block that is walked."""
        ...


class NodeContext:
    """One node under compilation. `settings` is the node type's own record, already checked for names and types.

    `path` is where the node stands in its definition. `known` is what is known of the values that its next formula sees;
    it changes while the node is checked in the order in which it does its work.
    `find_sensitive` tells what of the node is sensitive, once the flow is without faults.
    """

    def __init__(
        self,
        node: Node,
        path: Path,
        settings: Any,
        known: Known,
        targets: Targets,
        types: FeelTypes,
        classes: Mapping[str, BoClass],
        layout: Layout,
        library: Library,
        faults: FaultList,
        check_body: Callable[[str, Mapping[str, Type], Known], Body],
    ) -> None:
        self.node = node
        self.settings = settings
        self.known = known
        self.types = types
        self.classes = classes
        self.layout = layout
        self.library = library
        self.faults = faults
        self.path = path
        self._check_body = check_body
        self._known_before = known
        self._lines = dict.fromkeys(node.outputs, True)  # until its mapping is checked
        self._exits: dict[int, Known] = {}
        self.reads: set[str] = set()
        self.sources: set[str] = set()
        self.told = ReadsOfNode()
        self.find_sensitive: Callable[[], Sensitive | None] = lambda: None
        self._targets = targets
        self._scope: tuple[Known, Mapping[str, Type]] | None = None
        self._scope_of_outputs: Mapping[str, Type] = {}

    def fault(self, code: str, message: str, *key: str | int, at_key: bool = False, help: str = "") -> None:  # noqa: A002
        """Report a fault at a key of the node; with no key, at the node's name."""
        self.faults.add(code, message, (*self.path, *key), at_key=at_key or not key, help=help)

    def formula(self, text: str, *key: str | int, expected: Type | None = None) -> Computed | None:
        """Check a formula (without its `=`) that stands at a key of the node, against the scope of the node."""
        computed = check_formula(text, self.scope, (*self.path, *key), self.faults, expected=expected, known=self.known)
        if computed is not None:
            self.reads.update(name.split(".")[0] for name in computed.names)
            self.told.note(computed, self.scope)
        return computed

    @property
    def scope(self) -> Mapping[str, Type]:
        """The types of the names that the next formula sees."""
        if self._scope is None or self._scope[0] is not self.known:
            self._scope = (self.known, scope_of(self.known))
        return self._scope[1]

    def condition(self, text: str, *key: str | int, leaves_by: int) -> Computed | None:
        """Check the condition of a way out: that way knows that it holds, whatever comes behind it that it does not."""
        computed = self.formula(text, *key, expected=optional(BOOLEAN))
        if computed is None:
            self.leave_untold(text)
            self._exits[leaves_by] = self.known
        else:
            self._exits[leaves_by] = self.assumed(computed, holds=True)
            self.known = self.assumed(computed, holds=False)
        return computed

    def leave_untold(self, text: str) -> None:
        """Let nothing follow from the fault of a condition: of the names in it nothing is told any more."""
        self.known = self.known.untold(set(_WORD.findall(text)))

    def assumed(self, condition: Computed, *, holds: bool) -> Known:
        """Give what is known when a checked condition is true, or when it is false or null."""
        formula = condition.formula
        return self.known if formula is None else self.known.narrowed(paths_present(formula, holds=holds))

    def known_at(self, exit_index: int) -> Known:
        """Give what is known behind a way out: what its condition tells, else what none of the conditions does."""
        return self._exits.get(exit_index, self.known)

    @property
    def known_behind(self) -> Known:
        """What is known when the node has done its work and assigned its outputs."""
        return self.known.written(self._lines)

    def pass_turns(self, *, is_first: bool) -> None:
        """Go on behind any number of turns, whatever they wrote; with `is_first` where the first begins as well as a later one."""
        self.known = self.known.weakened(targets_written_inside(self.node), is_later=is_first)

    def check_body(self, name: str, items: Mapping[str, Type], *, at_start: Known | None = None) -> Body:
        """Check the nodes of a branch, or of a turn where `name` is empty, which see the types of `items` under their names."""
        start = at_start or self._known_before
        if not name and at_start is None:
            start = start.weakened(targets_written_inside(self.node), is_later=True)
        body = self._check_body(name, items, start)
        end = body.known_at_end
        if end is not None and name:
            roots = {target.partition(".")[0] for target in targets_written(self.node.bodies[name])}
            self.known = self.known.taking(end, roots)
        elif end is not None:
            self.known = self.known.met(end.outside(self.known))
        return body

    def setting(self, value: Any, *key: str | int, expected: Type | None = None) -> Computed | None:
        """Check a setting that is a formula when it begins with `=`, else the literal itself."""
        text = formula_of(value)
        if text is not None:
            return self.formula(text, *key, expected=expected)
        return literal_of(value)

    def declared_type(self, written: Any, *key: str | int) -> TypeRef | None:
        """Read a setting that names a type: `X`, `X?`, `[X]`, simple or a Business Object that the flow has; None after a fault."""
        text = f"[{written[0]}]" if isinstance(written, list) and len(written) == 1 else written
        match = _TYPE.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None:
            self.fault("MF-D106", f"`{key[-1]}` is no type.", *key, help="write X, X? or [X]")
            return None
        name = match["item"] or match["single"]
        ref = TypeRef(name, bool(match["item"]), bool(match["optional"]))
        if ref.is_simple or name in self.classes:
            return ref
        near = did_you_mean(name, [*self.classes, *SIMPLE_TYPES])
        help_text = near if name not in self.library.business_objects else f"declare a variable of the type {name}"
        self.fault("MF-D106", f'No variable, input or output of the flow is a "{name}".', *key, help=help_text)
        return None

    def source(self, written: Any, key: str) -> "NodeContext | None":
        """Give the context of what stands at a setting of this node as a source of items; None when it has a fault.

        It has the `type` of a node that can give items one by one, that node's settings, and `in`.
        """
        here: Path = (*self.path, key)
        types = self.library.node_types
        kinds = sorted(name for name, each in types.items() if hasattr(each, "prepare_stream"))
        kind = written.get("type") if isinstance(written, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            help_text = (did_you_mean(kind, kinds) if isinstance(kind, str) else "") or f"types: {', '.join(kinds)}"
            path = (*here, "type") if kind is not None else here
            self.faults.add(
                "MF-D105", f"`{key}` has the type of a node that gives items one by one.", path, help=help_text
            )
            return None
        inputs = written.get("in") or {}
        if not isinstance(inputs, dict):
            self.faults.add("MF-D105", "`in` is a mapping of names to values.", (*here, "in"))
            return None
        own = {name: value for name, value in written.items() if name not in {"type", "in"}}
        node = Node(name=self.node.name, type=kind, settings=own, inputs=inputs)
        settings = read_settings(node, here, types[kind].settings, self.faults)
        if settings is None:
            return None
        inner = NodeContext(
            node, here, settings, self.known, self._targets, self.types, self.classes, self.layout, self.library,
            self.faults, self._check_body,
        )  # fmt: skip
        inner.reads, inner.sources, inner.told = self.reads, self.sources, self.told
        return inner

    def inputs(
        self, expected: Mapping[str, Type] | None = None, *, key: str = "in", fills_texts: bool = False
    ) -> dict[str, Computed]:
        """Check the mapping into the node: name to formula or literal. Names outside `expected` (when given) are faults.

        With `fills_texts` the values go into placeholders, which take no null: one that may be missing is a fault.
        """
        checked: dict[str, Computed] = {}
        for name, value in self.node.inputs.items():
            wanted = None
            if expected is not None:
                if name not in expected:
                    message = f'The node takes no input "{name}".'
                    self.fault("MF-D065", message, key, name, at_key=True, help=did_you_mean(name, expected))
                    continue
                wanted = expected[name]
            computed = self.setting(value, key, name, expected=wanted)
            if computed is not None:
                checked[name] = computed
                if fills_texts:
                    self._check_filling(name, computed, key)
        return checked

    def _check_filling(self, name: str, computed: Computed, key: str) -> None:
        if (
            computed.type.optional
            if computed.type is not ANY
            else computed.formula is None and computed.literal is None
        ):
            text = computed.text.strip()
            remedy = f"write `if {text} != null then {text} else …`, or test it in a gateway before" if text else ""
            self.fault(
                "MF-F011",
                f"The value of `{{{name}}}` may be missing, and a text has to be filled with it.",
                key,
                name,
                help=remedy,
            )

    def outputs(self, given: Mapping[str, Type]) -> list[Assignment]:
        """Check the mapping out of the node, whose formulas also see the names of `given`; these get places in the frame."""
        for name in given:
            self.layout.slot(f"={name}")
        scope = {**self.scope, **given} if given else self.scope
        self._scope_of_outputs = self.scope
        assignments = check_mapping(
            self.node.outputs, scope, self._targets, (*self.path, "out"), self.faults, self.known
        )
        for assignment in assignments:
            self.reads.update(assignment.value.names)
        self.told.note_all(assignments, scope, given)
        self._lines = lines_of(self.node.outputs, assignments, self.known)
        return assignments

    def bind_outputs(self, assignments: list[Assignment], given: Mapping[str, Type]) -> Assign | None:
        """Make the function that carries a checked mapping out."""
        return bind_mapping(
            assignments, self._scope_of_outputs, self.layout.slots, {name: self.given_slot(name) for name in given}
        )

    def given_slot(self, name: str) -> int:
        """Give the place of what the node itself gives under a name, which is not that of a variable of the same name."""
        return self.layout.slots[f"={name}"]

    def bind(self, computed: Computed) -> Evaluate:
        """Make the function that computes a checked formula or literal from the frame."""
        return computed.bind(self.layout.slots)


def read_settings(node: Node, path: Path, declared: type[msgspec.Struct], faults: FaultList) -> Any:
    """Make the node type's settings record; None when keys are unknown, missing or of the wrong type."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(declared)}
    good = True
    for key in node.settings:
        if key not in fields:
            known = [*fields, *COMMON_KEYS]
            message = f'A {node.type} node has no setting "{key}".'
            faults.add("MF-D057", message, (*path, key), at_key=True, help=did_you_mean(key, known))
            good = False
    for name, field in fields.items():
        if name not in node.settings:
            if field.required:
                message = f'The {node.type} node "{node.name}" needs the setting "{name}".'
                faults.add("MF-D058", message, path, at_key=True, help=f"add `{name}: …`")
                good = False
            continue
        try:
            msgspec.convert(node.settings[name], field.type)
        except msgspec.ValidationError as error:
            help_text = _nearest_choice(node.settings[name], field.type)
            faults.add("MF-D059", f'The setting "{name}" does not fit: {error}.', (*path, name), help=help_text)
            good = False
    return msgspec.convert(node.settings, declared) if good else None


def _nearest_choice(value: Any, kind: Any) -> str:
    """Give the nearest of the words that a setting takes, or all of them; nothing for a setting that takes others."""
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(plain) is not Literal:
        return ""
    words = [str(word) for word in get_args(plain)]
    return did_you_mean(str(value), words) or f"it is one of {', '.join(words)}"


COMMON_KEYS = ("type", "title", "description", "next", "links", "catch", "in", "out", "timeout", "retry")
