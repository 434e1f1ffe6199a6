"""Whatever a definition file holds, reading it ends in records or faults; and what it takes, its JSON Schema takes too."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microflow_runtime.compiler.reading import DocumentKind, define, parse
from microflow_runtime.compiler.reading.definitions import SHAPES
from microflow_runtime.errors import Fault, Place

ROOT = Path(__file__).parents[2]
SEEDS: dict[DocumentKind, Path] = {
    "app": ROOT / "apps/Demo/app.yaml",
    "business_object": ROOT / "apps/Demo/business_objects/v_swap_with_list.yaml",
    "microflow": ROOT / "apps/Demo/microflows/Convert Amount.yaml",
}
KINDS: list[DocumentKind] = list(SEEDS)
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_WORDS = [
    "",
    " ",
    "= x",
    "=",
    "string",
    "[X]",
    "X?",
    "String",
    "2s",
    "0s",
    "a.b",
    "files/a.sql",
    "..",
    "true",
    "12",
    "ไทย",
    "caller",
    "\x00",
    "next",
    "to",
]
_TEXT = st.text(alphabet="aกิ😀 .:-'\"[]{}#=?\u200d\u202e\x07\x85\ufeff", max_size=4)
_VALUES = st.recursive(
    st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 1e300]) | st.sampled_from(_WORDS) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS) | _TEXT, inner, max_size=3),
    max_leaves=6,
)


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of all values below `data`."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] + [inner for key, value in entries for inner in _paths(value, (*path, key))]


def _replaced(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = _replaced(copy[path[0]], path[1:], value)
    return copy


def _read(kind: DocumentKind, content: bytes) -> tuple[Any, list[Fault]]:
    document, faults = parse(kind, "f.yaml", content)
    if document is None:
        return None, list(faults)
    record, more = define(document)
    for fault in (*faults, *more):
        assert isinstance(fault.place, Place)
        line = document.line_text(fault.place.line)
        assert fault.source_line == line
        assert 1 <= fault.place.column < fault.place.end_column <= len(line) + 2
    assert record is not None or faults or more
    return document.data, [*faults, *more]


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_a_changed_definition_is_read_or_faulted(kind: DocumentKind, data: st.DataObject) -> None:
    """Any value in any place gives a record or faults with places; without faults the schema agrees."""
    seed, _ = parse(kind, "seed.yaml", SEEDS[kind].read_bytes())
    assert seed is not None
    changed = seed.data
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(_paths(changed)))
        changed = _replaced(changed, path, data.draw(_VALUES)) if path else changed
    plain = json.loads(msgspec.json.Encoder(decimal_format="number").encode(changed))
    read, faults = _read(kind, yaml.safe_dump(plain, allow_unicode=True, sort_keys=False).encode("utf-8", "replace"))
    if not faults:
        as_json = json.loads(msgspec.json.Encoder(decimal_format="number").encode(read))
        errors = list(jsonschema.Draft202012Validator(SHAPES[kind].schema()).iter_errors(as_json))
        assert not errors, errors[0].message


@pytest.mark.parametrize("kind", KINDS)
@BOUNDED
@given(data=st.data())
def test_a_damaged_file_is_read_or_faulted(kind: DocumentKind, data: st.DataObject) -> None:
    """Bytes cut out of a file, doubled or put in at any place never raise."""
    content = SEEDS[kind].read_bytes()
    first = data.draw(st.integers(0, len(content)))
    last = data.draw(st.integers(first, min(len(content), first + 40)))
    put_in = data.draw(
        st.binary(max_size=4)
        | st.sampled_from(
            [
                b"\t",
                b": ",
                b"- ",
                b"[",
                b"{",
                b"'",
                b'"',
                b"|",
                b"&a ",
                b"*a ",
                b"!!x ",
                b"\r",
                b"\xff",
                b"\x00",
                b"%",
                b"---\n",
                b"? ",
            ]
        )
    )
    _read(kind, content[:first] + put_in + content[last:])


@BOUNDED
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_faulted(content: bytes) -> None:
    """Nothing that a file can hold raises."""
    _read("app", content)
