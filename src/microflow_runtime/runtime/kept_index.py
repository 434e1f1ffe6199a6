"""An index of an app's folder as it is kept on the shelf, for the next process that looks at the folder."""

import hashlib
from typing import Final

import msgspec

from microflow_runtime.compiler.reading import Fingerprint
from microflow_runtime.runtime.app_index import NOTE_FORM, AppIndex, IndexedFile, by_name
from microflow_runtime.runtime.keys import COMPILER
from microflow_runtime.runtime.shelf import Shelf
from microflow_runtime.runtime.slices import Slices

_FORM: Final = 2
_PART: Final = 256


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is kept beside the files, which stand in parts, each under the hash of its content."""

    parts: tuple[str, ...]
    fingerprint: Fingerprint
    scanned_ns: int


async def keep_index(shelf: Shelf, index: AppIndex) -> None:
    """Keep an index without faults, of which all Business Objects were found good, in place of the one before."""
    slices = Slices()
    files = list(index.files.values())
    parts: dict[str, bytes] = {}
    for start in range(0, len(files), _PART):
        body = msgspec.msgpack.encode(files[start : start + _PART])
        parts[f"files-{_FORM}-{hashlib.sha256(body).hexdigest()}"] = body
        await slices.between()
    kept = _Kept(tuple(parts), index.fingerprint, index.scanned_ns)
    await shelf.put(parts)
    await shelf.put({index_key(index.label): msgspec.msgpack.encode(kept)}, anew=True)


async def find_index(shelf: Shelf, label: str) -> AppIndex:
    """Give the index that was kept last, an empty one when there is none, or when a part of it is lost or damaged."""
    nothing = AppIndex(label=label)
    body = shelf.get(index_key(label))
    if body is None:
        return nothing
    slices = Slices()
    files: dict[str, IndexedFile] = {}
    try:
        kept = msgspec.msgpack.decode(body, type=_Kept)
        for key in kept.parts:
            for file in _FILES.decode(shelf[key]):
                files[file.path] = file
            await slices.between()
    except (KeyError, msgspec.MsgspecError):
        return nothing
    flows, business_objects, _ = await by_name(files, {}, None)
    return AppIndex(
        label=label,
        files=files,
        flows=flows,
        business_objects=business_objects,
        fingerprint=kept.fingerprint,
        scanned_ns=kept.scanned_ns,
    )


def index_key(label: str) -> str:
    """Give the key of the index of a folder. What another version of this software has checked counts for nothing."""
    return f"index-{_FORM}-{NOTE_FORM}-{hashlib.sha256(f'{COMPILER} {label}'.encode()).hexdigest()}"


def keys_of_index(shelf: Shelf, label: str) -> set[str]:
    """Give the keys under which the index of a folder is kept."""
    key = index_key(label)
    body = shelf.get(key)
    return set() if body is None else {key, *msgspec.msgpack.decode(body, type=_Kept).parts}


_FILES: Final = msgspec.msgpack.Decoder(list[IndexedFile])
