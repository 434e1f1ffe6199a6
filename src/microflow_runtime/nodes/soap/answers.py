"""What the server answered: the values of a reply, or the error of a fault or of anything else."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.nodes.soap.choice import Chosen
from microflow_runtime.nodes.soap.reading import Envelope, read_anything, read_element, read_message
from microflow_runtime.nodes.soap.shapes import Wsdl
from microflow_runtime.nodes.soap.writing import ENVELOPES
from microflow_runtime.nodes.soap.xml_tree import BrokenXml, Element
from microflow_runtime.text import BrokenText, declared_encoding, shown_text, xml_in_utf8

_SHOWN_CHARACTERS: Final = 4_096
_SHOWN_BYTES: Final = 64 * 1024
_REPEATABLE: Final = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_WAIT_SECONDS: Final = 86_400.0


def read_answer(got: HttpReply, chosen: Chosen, rules: Mapping[str, str], *, repeats: bool) -> dict[str, Any] | None:
    """Give the values of the reply by name, None where the operation has none.

    Raises NodeError of kind `soap.fault` or the one that a rule gives it, `soap.reply`, or `http.…` for a status.
    """
    if 200 <= got.status < 300 and got.is_empty:
        if chosen.operation.output is None:
            return None
        raise _unreadable("is empty", got)
    if got.headers.get("content-type", "").lower().startswith("multipart/"):
        raise _unreadable("has attachments, which are not supported", got)
    try:
        envelope = Envelope(xml_in_utf8(got.body, declared_encoding(got.content_type)), ENVELOPES)
    except (BrokenXml, BrokenText) as error:
        if got.status >= 300:
            raise _status(got, chosen, repeats=repeats) from error
        raise _unreadable(error.reason, got) from error
    if envelope.fault is not None:
        raise _fault(envelope.fault, got, chosen, rules)
    if got.status >= 300:
        raise _status(got, chosen, repeats=repeats)
    if chosen.operation.output is None:
        return None
    try:
        return read_message(chosen.operation.output, envelope.body, chosen.wsdl)
    except Misfit as misfit:
        raise misfit_of_reply(misfit) from misfit


def misfit_of_reply(misfit: Misfit) -> NodeError:
    """Give the error of a reply that does not fit."""
    return NodeError(f"{misfit.under('body').sentence()}.", kind="soap.reply")


def _unreadable(reason: str, got: HttpReply) -> NodeError:
    return NodeError(f"the reply {reason}.", kind="soap.reply", data={"status": Decimal(got.status)})


def _status(got: HttpReply, chosen: Chosen, *, repeats: bool) -> NodeError:
    text = shown_text(got.body[: _SHOWN_CHARACTERS * 4], got.content_type)
    after = got.headers.get("retry-after", "").strip()
    wait = float(after[:9]) if after.isascii() and after.isdigit() else 0.0
    data = {
        "status": Decimal(got.status),
        "body": text[:_SHOWN_CHARACTERS],
        "is_cut": len(got.body) > _SHOWN_CHARACTERS,
    }
    return NodeError(
        f"the server answered {got.status} to {chosen.operation.name}.",
        kind=f"http.{got.status}",
        data=data,
        retryable=repeats and got.status in _REPEATABLE,
        retry_after_seconds=min(wait, _LONGEST_WAIT_SECONDS),
    )


def _fault(fault: Element, got: HttpReply, chosen: Chosen, rules: Mapping[str, str]) -> NodeError:
    is_old = fault.find("faultcode") is not None or fault.find("Code") is None  # some servers mix the versions
    codes = [_local(_text(fault.find("faultcode")))] if is_old else _codes(fault.find("Code"))
    detail = fault.find("detail") or fault.find("Detail")
    reason = fault.find("Reason")
    text = _text(fault.find("faultstring")) if is_old else _text(reason.find("Text") if reason is not None else None)
    is_cut = len(got.body) > _SHOWN_BYTES
    data = {
        "code": codes[0] if codes else "",
        "subcodes": codes[1:],
        "text": text,
        "actor": _text(fault.find("faultactor" if is_old else "Role")),
        "detail": None if detail is None or is_cut else _detail(detail, chosen.wsdl),
        "status": Decimal(got.status),
        "is_cut": is_cut,
    }
    names = [*([detail.children[0].name] if detail is not None and detail.children else []), *codes[::-1]]
    kind = next((rules[name] for name in names if name in rules), "soap.fault")
    message = f'the server answered {chosen.operation.name} with the fault "{data["code"]}".'
    return NodeError(message, kind=kind, data=data)


def _codes(code: Element | None) -> list[str]:
    """Give the code of SOAP 1.2 and its subcodes, from the outside in."""
    found: list[str] = []
    while code is not None and len(found) < 16:
        found.append(_local(_text(code.find("Value"))))
        code = code.find("Subcode")
    return found


def _local(name: str) -> str:
    return name.strip().rpartition(":")[2]


def _text(element: Element | None) -> str:
    return "" if element is None else element.text.strip()[:_SHOWN_CHARACTERS]


def _detail(detail: Element, wsdl: Wsdl) -> Any:
    """Give the detail by names, each element as the WSDL declares it, as far as it does and it fits."""
    if not detail.children:
        return read_anything(detail)
    value: dict[str, Any] = {}
    for child in detail.children:
        declared = wsdl.elements.get(f"{{{child.namespace}}}{child.name}")
        if declared is None:  # some servers write namespaces as they please
            declared = next((part for part in wsdl.elements.values() if part.name == child.name), None)
        try:
            item = read_element(declared.shape, child, wsdl) if declared is not None else read_anything(child)
        except Misfit:
            item = read_anything(child)
        before = value.get(child.name)
        value[child.name] = (
            item if child.name not in value else [*(before if isinstance(before, list) else [before]), item]
        )
    return value
