"""What lies in app folders against what is published: step by step it comes to what a reading of everything gives."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.compiler.reading import read_definitions, read_folder
from microflow_runtime.errors import Conflict, NotFound
from microflow_runtime.runtime.active import with_active
from microflow_runtime.runtime.builder import records_of
from microflow_runtime.runtime.folders import Folders
from microflow_runtime.runtime.kept_index import find_index, keep_index, keys_of_index
from microflow_runtime.runtime.keys import with_keys
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.manifest import FlowRecord, Manifest
from microflow_runtime.runtime.next_manifest import next_manifest
from microflow_runtime.runtime.shelf import Shelf

STEPS = 30
(PACKAGED,) = with_keys([FlowRecord(
    app="Shop", name="F1", id="1", version="v.0", snapshot="v.0", app_hash="a", flow_hash="f", business_objects={},
    callees=("F2",), key="", origin="1.Shop.F1.v.0.jar", active=False,
)])  # fmt: skip


class Server:
    """An app's folder, and the manifest that is kept in step with it."""

    def __init__(self, root: Path) -> None:
        self.root = root / "Shop"
        self.shelf = Shelf(root / "run" / "documents.sqlite3")
        self.folders = Folders([self.root], self.shelf, Documents(self.shelf))
        self.manifest = Manifest([PACKAGED])

    def write(self, *texts: str) -> None:
        """Write definitions into the folder."""
        for path, content in files_of(*texts).items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            if path != "app.yaml" or not (self.root / path).exists() or any(text.startswith("app:") for text in texts):
                (self.root / path).write_bytes(content)

    async def follow(self, *, agree: bool = True) -> int:
        """Take over what has changed; give how many flows were put or have gone."""
        indexes = await self.folders.read()
        pending = await self.folders.pending(indexes, self.manifest)
        working = {index.name: index.snapshot for index in indexes}
        self.manifest = await next_manifest(
            self.manifest, pending.put, pending.gone, active=self.manifest.active, working=working
        )
        if agree:
            self.folders.agree(self.manifest)
        return len(pending.put) + len(pending.gone)

    def whole(self) -> Manifest:
        """Give the manifest that a reading of everything gives."""
        definitions = read_definitions(read_folder(self.root, label=self.root.as_posix()))
        records = records_of(definitions, origin="folder", snapshot=definitions.snapshot)
        return Manifest(with_active(with_keys([PACKAGED, *records])), {})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a folder with six flows that use two Business Objects."""
    made = Server(tmp_path)
    made.write(
        "app: Shop\nversion: v.1.0.0\n", _object("A", "B"), _object("B"), *(_flow(f"F{n}", "A") for n in range(6))
    )
    yield made
    made.shelf.close()


def _object(name: str, uses: str = "", note: str = "") -> str:
    more = f", more: {uses}?" if uses else ""
    return f"business_object: {name}\ndescription: {note}.\nfields: {{text: string?{more}}}\n"


def _flow(name: str, uses: str, callee: str = "", note: str = "") -> str:
    call = f"  Call: {{type: sub flow, flow: {callee}, next: End}}\n" if callee else ""
    start = f"  Start: {{type: start, next: {'Call' if callee else 'End'}}}\n"
    return f"microflow: {name}\ndescription: {note}.\noutputs: {{Out: {uses}}}\nnodes:\n{start}{call}  End: {{type: end}}\n"


def _told(manifest: Manifest) -> set[tuple[str, str, str, bool, str]]:
    return {(each.name, each.origin, each.key, each.active, each.snapshot) for each in manifest.flows}


async def test_only_what_changes_is_put(server: Server) -> None:
    """All flows first, then the one that changed and none when nothing did; sections of others stay the same objects."""
    assert await server.follow() == 6
    before = server.manifest
    assert await server.follow() == 0
    server.write(_flow("F3", "B"))
    assert await server.follow() == 1
    assert sum(1 for _ in server.manifest.replaced(before)) == 1
    assert _told(server.manifest) == _told(server.whole())


async def test_a_change_that_was_not_published_is_still_pending(server: Server) -> None:
    """What a refresh found and did not publish is found by the next one."""
    await server.follow()
    server.write(_flow("F3", "B"))
    published = server.manifest
    assert await server.follow(agree=False) == 1
    server.manifest = published
    assert await server.follow() == 1


@pytest.mark.parametrize("seed", range(4))
async def test_any_changes_come_to_what_a_reading_of_everything_gives(server: Server, seed: int) -> None:
    """Flows with calls and rings, Business Objects and the app are changed at random; keys, versions, what is active agree."""
    draw = random.Random(seed)
    for step in range(STEPS):
        name, other = f"F{draw.randrange(7)}", f"F{draw.randrange(7)}"
        act = draw.randrange(8)
        if act < 4:
            server.write(_flow(name, draw.choice("AB"), draw.choice(["", other]), f"step {step}"))
        elif act == 4:
            (server.root / f"microflows/{name}.yaml").unlink(missing_ok=True)
        elif act == 5:
            server.write(_object(draw.choice("AB"), note=f"step {step}"))
        elif act == 6:
            server.write(f"app: Shop\nversion: v.1.0.{draw.randrange(3)}\n")
        await server.follow(agree=draw.random() < 0.7)
        assert _told(server.manifest) == _told(server.whole())


async def test_an_index_is_kept_for_the_next_process(server: Server) -> None:
    """It says what the first process knew; changes since then are found, and a damaged one counts as none."""
    await server.follow()
    (index,) = await server.folders.read()
    await keep_index(server.shelf, index)
    kept = await find_index(server.shelf, index.label)
    assert (kept.files, kept.flows, kept.fingerprint) == (index.files, index.flows, index.fingerprint)
    server.write(_flow("F3", "B"))
    server.folders = Folders([server.root], server.shelf, Documents(server.shelf))
    assert await server.follow() == 1
    keys = keys_of_index(server.shelf, index.label)
    await server.shelf.keep_only([key for key in keys if not key.startswith("files-")])
    assert (await find_index(server.shelf, index.label)).files == {}


async def test_names_of_packages_are_looked_up(server: Server) -> None:
    """A flow is named by what its package would be called, also a fetched one; an unknown name is told."""
    await server.follow()
    indexes = await server.folders.read()
    name = next(each for each in server.manifest.flows if each.name == "F2").package_name
    found = await server.folders.named(indexes, server.manifest, [name, PACKAGED.package_name, name])
    assert list(found) == [("Shop", "F1", "v.0"), ("Shop", "F2", "folder")]
    with pytest.raises(NotFound, match="1 of the 2 names"):
        await server.folders.named(indexes, server.manifest, [name, "0.Shop.None.v.1.jar"])


async def test_one_app_in_two_folders_is_refused(server: Server, tmp_path: Path) -> None:
    """Their flows would stand at the same places."""
    other = Server(tmp_path / "other")
    other.write("app: Shop\nversion: v.2.0.0\n")
    folders = Folders([server.root, other.root], server.shelf, Documents(server.shelf))
    with pytest.raises(Conflict, match="Two folders hold the app Shop"):
        await folders.read()
    other.shelf.close()
