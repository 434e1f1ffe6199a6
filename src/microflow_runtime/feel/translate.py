"""Turns what emitted code raises into a FeelError that names the failing part and the types of its operands."""

from collections.abc import Callable
from decimal import DivisionByZero, InvalidOperation, Overflow

from microflow_runtime.errors import FeelError
from microflow_runtime.feel import syntax
from microflow_runtime.feel.emit.function import FILE_NAME
from microflow_runtime.feel.faults import Failure, FeelLimitError, LimitFailure


def translator(text: str, tree: syntax.Node) -> Callable[[BaseException], Exception]:
    """Give the function that makes a formula's FeelError of an exception."""

    def translate(error: BaseException) -> Exception:
        if isinstance(error, FeelError):
            return error
        start, end = place_of(error) or (tree.start, tree.end)
        if isinstance(error, LimitFailure):
            return FeelLimitError(str(error), text=text, start=start, end=end, is_deadline=error.is_deadline)
        if isinstance(error, RecursionError | MemoryError):
            return FeelLimitError(
                "the formula nests too deeply or takes too much memory", text=text, start=start, end=end
            )
        return FeelError(sentence(error, find(tree, start, end)), text=text, start=start, end=end)

    return translate


def place_of(error: BaseException) -> tuple[int, int] | None:
    """Find the part of the formula in whose code an exception occurred: its offsets."""
    found: tuple[int, int] | None = None
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == FILE_NAME:
            positions = list(code.co_positions())[trace.tb_lasti // 2]
            start, end = positions[2], positions[3]
            if start is not None and end is not None:
                found = (start, end)
        trace = trace.tb_next
    return found


def sentence(error: BaseException, node: syntax.Node | None) -> str:
    """Say what went wrong, with the types of the operands."""
    if isinstance(error, Failure):
        return str(error)
    operands = ""
    if isinstance(node, syntax.Binary):
        operands = f": {_type(node.left)} {node.operator} {_type(node.right)}"
    if isinstance(error, DivisionByZero) or (
        isinstance(error, InvalidOperation) and isinstance(node, syntax.Binary) and node.operator == "/"
    ):
        return f"division by zero{operands}"
    if isinstance(error, Overflow):
        return f"the result is larger than any number{operands}"
    if isinstance(error, ArithmeticError):
        return f"the result is no number{operands}"
    if isinstance(node, syntax.Binary):
        return f"`{node.operator}` cannot take these values{operands}"
    return "the value is not of the type that its name promises"


def _type(node: syntax.Node) -> str:
    return str(getattr(node, "type", "Any"))


def find(tree: object, start: int, end: int) -> syntax.Node | None:
    """Find the outermost part with these offsets."""
    if isinstance(tree, syntax.Node):
        if tree.start == start and tree.end == end:
            return tree
        if tree.start > start or tree.end < end:
            return None
    for part in syntax.parts_of(tree):
        found = find(part, start, end)
        if found is not None:
            return found
    return None
