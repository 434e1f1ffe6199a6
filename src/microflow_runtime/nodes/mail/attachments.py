"""Files that go along with a mail: shared files of the app, texts, and bytes as base64."""

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.compiler.formulas import Evaluate
from microflow_runtime.compiler.node_context import NodeContext
from microflow_runtime.compiler.plan import Frame
from microflow_runtime.compiler.reading import formula_of
from microflow_runtime.engine.mail import Attachment
from microflow_runtime.nodes.mail.templates import one_line, refused, well_formed

Attachments = Callable[[Frame], tuple[Attachment, ...]]
_CONTENTS: Final = ("file", "text", "base64")
_KEYS: Final = ("name", "type", *_CONTENTS)
_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}", re.ASCII)
_NO_FILE: Final = ("multipart/", "message/")
_MOST_NAME: Final = 200
_ANY_TYPE: Final = "application/octet-stream"


def check_attachments(context: NodeContext, written: Any) -> Callable[[], Attachments]:
    """Check a formula that gives a list of contexts, or a list of mappings whose values may be formulas."""
    if isinstance(written, str) and formula_of(written) is not None:
        computed = context.setting(written, "attachments")
        return lambda: _computed(context.bind(computed)) if computed is not None else lambda _frame: ()
    if not isinstance(written, list) or not all(isinstance(item, dict) for item in written):
        context.fault("MF-D194", "`attachments` is a list of mappings, or a formula.", "attachments")
        return lambda: lambda _frame: ()
    checked = [_check(context, item, index) for index, item in enumerate(written)]

    def build() -> Attachments:
        makes = [each() for each in checked]
        return lambda frame: tuple(attachment for make in makes for attachment in _made(make(frame)))

    return build


def _check(context: NodeContext, item: Mapping[str, Any], index: int) -> Callable[[], Evaluate]:
    here = ("attachments", index)
    for name in item:
        if name not in _KEYS:
            message = f'An attachment has no key "{name}".'
            context.fault("MF-D194", message, *here, name, at_key=True, help=did_you_mean(name, _KEYS))
    if sum(name in item for name in _CONTENTS) != 1:
        context.fault("MF-D194", "An attachment has one of `file`, `text` and `base64`.", *here)
    if "name" not in item and "file" not in item:
        context.fault("MF-D194", "An attachment needs a `name`.", *here)
    kind = item.get("type")
    if isinstance(kind, str) and formula_of(kind) is None and not _is_type(kind):
        context.fault("MF-D194", f"`{kind}` is no type of a file.", *here, "type", help="write it as application/pdf")
    content = _file(context, item["file"], here) if "file" in item else None
    checked = {
        name: context.setting(value, *here, name) for name, value in item.items() if name in _KEYS and name != "file"
    }

    def build() -> Evaluate:
        parts = [(name, context.bind(each)) for name, each in checked.items() if each is not None]
        fixed: dict[str, Any] = {}
        if content is not None:
            fixed = {"bytes": content, "name": str(item["file"]).rpartition("/")[2]}
        return lambda frame: fixed | {name: evaluate(frame) for name, evaluate in parts}

    return build


def _file(context: NodeContext, path: Any, here: tuple[str | int, ...]) -> bytes | None:
    """Give the bytes of a shared file, which stays with the plan; None after a fault."""
    if not isinstance(path, str) or not path.startswith("files/"):
        context.fault(
            "MF-D194", "`file` is the path of a file of the app.", *here, "file", help="write files/terms.pdf"
        )
        return None
    content = context.library.find_file(path)
    if content is None:
        context.fault("MF-D194", f"The app has no file `{path}`.", *here, "file")
    return content


def _computed(evaluate: Evaluate) -> Attachments:
    def attachments(frame: Frame) -> tuple[Attachment, ...]:
        value = evaluate(frame)
        items = value if isinstance(value, list) else [] if value is None else [value]
        return tuple(attachment for item in items for attachment in _made(item))

    return attachments


def _made(given: Any) -> Iterator[Attachment]:
    """Make the attachment of a context; none where its content is null. Raises NodeError of kind `mail.message`."""
    if not isinstance(given, dict):
        raise refused("an attachment is a context of `name`, `type` and `text` or `base64`")
    content = given.get("bytes")
    if not isinstance(content, bytes):
        content = _content(given)
    if content is None:
        return
    name = given.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > _MOST_NAME:
        raise refused(f"the name of an attachment is a text of 1 to {_MOST_NAME} characters")
    name = one_line(well_formed(name, "the name of an attachment"), "the name of an attachment")
    if "/" in name or "\\" in name:
        raise refused("the name of an attachment holds no folder")
    kind = given.get("type") or mimetypes.guess_type(name)[0] or _ANY_TYPE
    if not isinstance(kind, str) or not _is_type(kind):
        raise refused("the type of an attachment is written as application/pdf")
    yield Attachment(name=name, type=kind.lower(), content=content)


def _content(given: Mapping[str, Any]) -> bytes | None:
    text, encoded = given.get("text"), given.get("base64")
    if text is not None and encoded is not None:
        raise refused("an attachment has `text` or `base64`, not both")
    if isinstance(text, str):
        return well_formed(text, "the text of an attachment").encode()
    if isinstance(encoded, str):
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise refused("the content of an attachment is no base64") from error
    if text is None and encoded is None:
        return None
    raise refused("the content of an attachment is a text")


def _is_type(kind: str) -> bool:
    return _TYPE.fullmatch(kind) is not None and not kind.lower().startswith(_NO_FILE)
