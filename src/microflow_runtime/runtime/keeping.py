"""What moves between the store, which is the truth, and the shelf of this machine, and what is taken away from both."""

import asyncio
from typing import Final

from microflow_runtime.errors import NotFound
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.folders import Folders
from microflow_runtime.runtime.garbage import give_back
from microflow_runtime.runtime.manifest import Manifest, hashes_of
from microflow_runtime.runtime.shelf import LostDocument, Shelf
from microflow_runtime.runtime.slices import Slices
from microflow_runtime.store import Store

_MANY: Final = 200


class Keeping:
    """Brings documents from the store to the shelf, and tells which are to go the other way."""

    def __init__(self, store: Store, shelf: Shelf) -> None:
        self._store = store
        self._shelf = shelf

    async def bring(self, manifest: Manifest, beside: Manifest) -> None:
        """Bring onto the shelf what a manifest needs beside another one and is not there. Raises LostDocument."""
        wanted = await _wanted(manifest, beside)
        missing = sorted(wanted - await self._shelf.find(wanted)) if wanted else []
        for start in range(0, len(missing), _MANY):
            try:
                found = await self._store.get_definitions(missing[start : start + _MANY])
            except NotFound as error:
                raise LostDocument("The store has lost a definition.") from error
            await self._shelf.put(found)

    async def lacking(self, manifest: Manifest, beside: Manifest) -> dict[str, bytes]:
        """Give what a manifest needs beside another one and the store does not have. Raises LostDocument."""
        wanted = await _wanted(manifest, beside)
        lacking = wanted - await self._store.find_known_hashes(wanted) if wanted else wanted
        slices = Slices()
        added: dict[str, bytes] = {}
        for key in sorted(lacking):
            body = self._shelf.get(key)
            if body is None:
                raise LostDocument("The shelf has lost a definition.")
            added[key] = body
            await slices.between()
        return added

    async def tidy(self, catalog: Catalog, folders: Folders, known: set[str]) -> None:
        """Take away what a catalog, the folders and these keys do not need: rows of the store, and of the shelf.

        A process that has not looked at the folders leaves the shelf alone: it does not know what is in use of it.
        """
        slices = Slices()
        documents: set[str] = set()
        keys: set[str] = set()
        for section in catalog.manifest.sections:
            documents |= hashes_of(section)
            keys.add(section.key)
            keys.update(record.key for record in section.records)
            await slices.between()
        await self._store.prune_catalogs(catalog.epoch, documents | keys | known)
        if folders.are_known:
            await self._shelf.keep_only(await folders.kept_keys(documents))
        await asyncio.to_thread(give_back)


async def _wanted(manifest: Manifest, beside: Manifest) -> set[str]:
    slices = Slices()
    wanted: set[str] = set()
    for old, new in manifest.replaced(beside):
        wanted |= hashes_of(new) - hashes_of(old)
        await slices.between()
    return wanted
