"""Checks `if`, loops, lists, contexts and `instance of`."""

from microflow_runtime.feel import syntax
from microflow_runtime.feel.check.bindings import Local
from microflow_runtime.feel.check.calls import function_literal
from microflow_runtime.feel.check.checker import Checker
from microflow_runtime.feel.check.named_types import resolve_type
from microflow_runtime.feel.check.narrowing import implied
from microflow_runtime.feel.check.operators import condition
from microflow_runtime.feel.faults import DUPLICATE, NOT_A_LIST
from microflow_runtime.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    EMPTY_LIST,
    NULL,
    NUMBER,
    ContextType,
    FunctionType,
    ListType,
    RangeType,
    Type,
    join,
    join_all,
    optional,
    required,
)


def if_(checker: Checker, node: syntax.If) -> Type:
    """`if condition then … else …`: each branch may rely on what the condition tells about nulls."""
    condition(checker, node.condition, "`if`")
    with checker.narrow({} if checker.lenient else implied(node.condition, checker.text, holds=True)):
        then = checker.of(node.then)
    with checker.narrow({} if checker.lenient else implied(node.condition, checker.text, holds=False)):
        otherwise = checker.of(node.otherwise)
    return join(then, otherwise)


def _iterator(checker: Checker, iterator: syntax.Iterator) -> tuple[Local, bool]:
    """Give the loop's variable, and whether what it goes over may be null."""
    source = checker.of(iterator.source)
    plain = required(source)
    if iterator.until is not None:
        until = checker.of(iterator.until)
        kinds = {plain, required(until)}
        if not kinds <= {NUMBER, ANY, NULL} and not kinds <= {DATE, ANY, NULL}:
            message = f"a loop cannot go from {source} to {until}"
            checker.fault(
                NOT_A_LIST, iterator, message, expected="two numbers or two dates", found=f"{source} and {until}"
            )
        item = next((kind for kind in kinds if kind in {NUMBER, DATE}), ANY)
        return checker.local(iterator.name, item), source.optional or until.optional
    if isinstance(plain, ListType):
        if isinstance(plain, RangeType) and required(plain.item) not in {NUMBER, DATE, ANY}:
            checker.fault(
                NOT_A_LIST,
                iterator.source,
                f"a loop cannot go over {plain}",
                expected="a range of numbers or dates",
                found=str(plain),
            )
        item = required(plain.item) if isinstance(plain, RangeType) else plain.item
        return checker.local(iterator.name, item), source.optional
    if plain not in {ANY, NULL}:
        checker.fault(
            NOT_A_LIST, iterator.source, f"a loop goes over a list, not over {source}", expected=f"[{plain}]", found=str(source),
            help="put square brackets around a single item: `[item]`",
        )  # fmt: skip
    return checker.local(iterator.name, ANY), source.optional


def for_(checker: Checker, node: syntax.For) -> Type:
    """`for … return …`."""
    may_be_null = False
    names: dict[str, Local] = {}
    with checker.frame(names):
        for iterator in node.iterators:
            iterator.binding, missing = _iterator(checker, iterator)
            may_be_null = may_be_null or missing
            names[iterator.name] = iterator.binding
        node.partial = checker.local("partial", ListType(ANY))
        names.setdefault("partial", node.partial)
        body = checker.of(node.body)
    listed = ListType(body)
    return optional(listed) if may_be_null else listed


def quantified(checker: Checker, node: syntax.Quantified) -> Type:
    """Check `some` and `every`."""
    may_be_null = False
    names: dict[str, Local] = {}
    with checker.frame(names):
        for iterator in node.iterators:
            iterator.binding, missing = _iterator(checker, iterator)
            may_be_null = may_be_null or missing
            names[iterator.name] = iterator.binding
        word = "`every`" if node.every else "`some`"
        kind = condition(checker, node.condition, word)
    return optional(BOOLEAN) if may_be_null or kind.optional else BOOLEAN


def list_(checker: Checker, node: syntax.List) -> Type:
    """Check `[a, b]`."""
    if not node.items:
        return EMPTY_LIST
    kinds = [checker.of(item) for item in node.items]
    return ListType(join_all(iter(kinds)))


def context(checker: Checker, node: syntax.Context) -> Type:
    """Check `{a: 1, b: a + 1}`: an entry may read the entries before it, a function also itself."""
    fields: list[tuple[str, Type]] = []
    names: dict[str, Local] = {}
    with checker.frame(names):
        for entry in node.entries:
            if entry.name in names:
                checker.fault(DUPLICATE, entry, f"the context has two entries `{entry.name}`")
            binding = checker.local(entry.name, ANY)
            if isinstance(entry.value, syntax.Function):
                entry.value.itself = binding
                names[entry.name] = binding
                binding.type = FunctionType(None, ANY) if not checker.lenient else ANY
            kind = checker.of(entry.value)
            binding.type = ANY if checker.lenient else kind
            entry.binding = names[entry.name] = binding
            fields.append((entry.name, kind))
    return ContextType("", tuple(fields))


def instance_of(checker: Checker, node: syntax.InstanceOf) -> Type:
    """`value instance of type`."""
    checker.of(node.value)
    node.resolved = resolve_type(checker, node.wanted)
    return BOOLEAN


def function(checker: Checker, node: syntax.Function) -> Type:
    """Check a function written in the formula."""
    return function_literal(checker, node)
