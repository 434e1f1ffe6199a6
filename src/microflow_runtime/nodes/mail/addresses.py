"""Who a mail is from and goes to: addresses the author wrote, and those that formulas give."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.model.mail_address import MailAddress, read_address
from microflow_runtime.nodes.mail.templates import refused

Addresses = Callable[[Frame], tuple[MailAddress, ...]]
_KEYS: Final = frozenset({"address", "name"})
_SHOWN: Final = 80


def check_addresses(context: NodeContext, written: Any, *key: str | int) -> Callable[[], Addresses]:
    """Check one address or a list of them; each is a text, a formula, or a mapping of `address` and `name`."""
    items = written if isinstance(written, list) else [written]
    inner = [(*key, index) for index in range(len(items))] if isinstance(written, list) else [key]
    checked = [_check(context, item, path) for item, path in zip(items, inner, strict=True)]

    def build() -> Addresses:
        evaluates = [each() for each in checked]

        def addresses(frame: Frame) -> tuple[MailAddress, ...]:
            found = (address for evaluate in evaluates for address in _read(evaluate(frame), str(key[0])))
            return tuple(dict.fromkeys(found))

        return addresses

    return build


def _check(context: NodeContext, item: Any, path: tuple[str | int, ...]) -> Callable[[], Evaluate]:
    if isinstance(item, dict):
        return _check_mapping(context, item, path)
    if isinstance(item, str) and formula_of(item) is None:
        try:
            address = read_address(item)
        except ValueError as error:
            context.fault("MF-D192", f"This is no address: {error}.", *path, help="write suda@shop.example")
            return lambda: lambda _frame: None
        return lambda: lambda _frame: address
    if not isinstance(item, str):
        context.fault("MF-D192", "This is no address.", *path, help="write suda@shop.example, or a formula")
        return lambda: lambda _frame: None
    computed = context.setting(item, *path)
    return lambda: context.bind(computed) if computed is not None else lambda _frame: None


def _check_mapping(context: NodeContext, item: dict[str, Any], path: tuple[str | int, ...]) -> Callable[[], Evaluate]:
    for name in item:
        if name not in _KEYS:
            context.fault("MF-D192", f'An address has no key "{name}".', *path, name, at_key=True)
    if "address" not in item:
        context.fault("MF-D192", "An address needs its key `address`.", *path)
    checked = {name: context.setting(value, *path, name) for name, value in item.items() if name in _KEYS}

    def build() -> Evaluate:
        parts = [(name, context.bind(each)) for name, each in checked.items() if each is not None]
        return lambda frame: {name: evaluate(frame) for name, evaluate in parts}

    return build


def _read(value: Any, where: str) -> Iterator[MailAddress]:
    """Give the addresses of a value: none for null, each item of a list. Raises NodeError of kind `mail.message`."""
    if value is None:
        return
    if isinstance(value, MailAddress):
        yield value
        return
    if isinstance(value, list):
        for item in value:
            yield from _read(item, where)
        return
    name = ""
    if isinstance(value, dict):
        name, value = value.get("name") or "", value.get("address")
        if value is None:
            return
    if not isinstance(value, str) or not isinstance(name, str):
        raise refused(f"`{where}` takes addresses, each a text or a context of `address` and `name`")
    try:
        yield read_address(value, name)
    except ValueError as error:
        shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        raise refused(f'`{where}`: "{shown}" is no address: {error}') from error
