"""Emitted code: only allowed nodes, Python's own operators where types are known, no way out."""

import ast
from decimal import Decimal

import pytest
from tests.unit.feel.test_cases import FILE

from microflow_runtime.feel import (
    ANY,
    BOOLEAN,
    NUMBER,
    STRING,
    ContextType,
    FeelError,
    FormulaFaults,
    ListType,
    Type,
    check,
    optional,
)
from microflow_runtime.feel.cases import read_cases
from microflow_runtime.feel.check import HANDLERS as CHECKS
from microflow_runtime.feel.check import Checker
from microflow_runtime.feel.emit import ALLOWED, HANDLERS, Emitter, build
from microflow_runtime.feel.formula import patterns_of
from microflow_runtime.feel.lexer import SyntaxFault
from microflow_runtime.feel.parse import parse

LINE = ContextType("Line", (("sku", STRING), ("quantity", NUMBER)))
SCOPE: dict[str, Type] = {
    "amount": NUMBER,
    "limit": NUMBER,
    "rate": optional(NUMBER),
    "status": STRING,
    "lines": ListType(LINE),
    "body": ANY,
    "open": BOOLEAN,
}
LAYOUT = {name: index for index, name in enumerate(SCOPE)}
HOT = 'if amount > limit * 1.5 and status = "A" then round half up(amount * limit, 2) else 0'


def module_of(text: str) -> ast.Module:
    """Emit a formula."""
    return build(Emitter(HANDLERS, LAYOUT), check(text, SCOPE).tree, lambda error: ValueError(str(error)))


def source_of(text: str) -> str:
    """Show what is emitted for a formula, between `try` and `except`."""
    function = module_of(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    guarded = function.body[0]
    assert isinstance(guarded, ast.Try)
    return "\n".join(ast.unparse(statement) for statement in guarded.body)


def test_the_allow_list_has_no_way_out() -> None:
    """No attribute, import, class, global, text made at run time, deletion or star is allowed."""
    for forbidden in (
        ast.Attribute,
        ast.Import,
        ast.ImportFrom,
        ast.ClassDef,
        ast.Global,
        ast.Nonlocal,
        ast.JoinedStr,
        ast.Delete,
        ast.Starred,
        ast.Lambda,
        ast.Await,
    ):
        assert forbidden not in ALLOWED


def test_every_case_of_the_kit_stays_inside_the_allow_list() -> None:
    """Whatever the kit's expressions hold, the emitted nodes are allowed ones, and every name is generated."""
    for case in read_cases(FILE):
        try:
            tree, _ = parse(case.expression, patterns_of(frozenset(case.context)))
        except SyntaxFault:
            continue
        Checker(dict.fromkeys(case.context, ANY), {}, CHECKS, lenient=True).of(tree)
        emitter = Emitter(
            HANDLERS, {name: index for index, name in enumerate(case.context)}, guard=lambda function, _node: function
        )
        module = build(emitter, tree, None)
        assert {type(node) for node in ast.walk(module)} <= ALLOWED
        names = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
        assert all(
            name in {"frame", "formula", "error"} or (name[0] in "ktv" and name[1:].isdecimal()) for name in names
        ), names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HOT, "return k0(frame[0] * frame[1]) if frame[0] > frame[1] * k1 and frame[3] == 'A' else k2"),
        ("amount + 1", "return frame[0] + k0"),
        ("rate + 1", "return None if (t1 := frame[2]) is None else t1 + k0"),
        ("2 * 3 + 4", "return k0"),
        ("not(open)", "return not frame[6]"),
        ("status = null", "return frame[3] is None"),
        ("if rate > 1 then 1 else 2", "return k1 if (None if (t1 := frame[2]) is None else t1 > k0) is True else k2"),
    ],
)
def test_known_types_become_pythons_own_operators(text: str, expected: str) -> None:
    """Where types are known, no function of ours stands between the operands."""
    found = source_of(text)
    renamed = expected
    for index, name in enumerate(
        dict.fromkeys(part for part in _words(found) if part[:1] == "k" and part[1:].isdecimal())
    ):
        found = _rename(found, name, f"K{index}")
    for index, name in enumerate(
        dict.fromkeys(part for part in _words(renamed) if part[:1] == "k" and part[1:].isdecimal())
    ):
        renamed = _rename(renamed, name, f"K{index}")
    assert found == renamed


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


def _rename(text: str, name: str, new: str) -> str:
    return ast.unparse(_Renamer(name, new).visit(ast.parse(text)))


class _Renamer(ast.NodeTransformer):
    """Gives one name another spelling."""

    def __init__(self, name: str, new: str) -> None:
        self.name = name
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Rename."""
        return ast.Name(self.new, node.ctx) if node.id == self.name else node


@pytest.mark.parametrize(
    "text",
    [
        "body.__class__", "body.__class__.__mro__", 'get value(body, "__class__")', "status.upper", "lines.append", "body[__import__]", '"".format',
        "lines[1].__dict__", "(function(a) a).call", "(function(a) a).__globals__",
    ],
)  # fmt: skip
def test_pythons_own_parts_cannot_be_reached(text: str) -> None:
    """No path of a formula reads an attribute of a Python object."""
    values = [Decimal(1), Decimal(2), None, "A", [{"sku": "a", "quantity": Decimal(1)}], {"x": "y"}, True]
    try:
        found = check(text, SCOPE).bind(LAYOUT)(values)
    except (FeelError, FormulaFaults):
        return
    assert found is None or found == []


def test_emitted_code_sees_no_builtins() -> None:
    """The globals of an emitted function hold nothing but its slots."""
    function = check(HOT, SCOPE).bind(LAYOUT)
    names = function.__globals__
    assert names["__builtins__"] == {}
    assert all(name in {"__builtins__", "formula"} or name[1:].isdecimal() for name in names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate > 0 and rate < 2", None),
        ("rate != null and rate < 2", False),
        ("rate > 0 and rate < 2 and open", None),
        ("rate > 0 and not(open)", False),
        ("if rate > 0 and rate < 2 then rate else 7", Decimal(7)),
    ],
)
def test_the_right_side_of_an_and_meets_a_left_side_that_is_null(text: str, expected: object) -> None:
    """A comparison with a missing value is null, so what is behind it is computed, too, and must not count on the value."""
    values = [Decimal(1), Decimal(2), None, "A", [], None, True]
    assert check(text, SCOPE).bind(LAYOUT)(values) == expected
