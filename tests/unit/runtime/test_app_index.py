"""The index of an app's folder: whatever is changed in the folder, it tells what a reading of everything would tell."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.compiler.reading import read_definitions, read_folder
from microflow_runtime.runtime.app_index import AppIndex, read_index
from microflow_runtime.runtime.lazy_plan import Documents
from microflow_runtime.runtime.shelf import Shelf

APP = 'app: Shop\nversion: v.1.0.0\ndata_sources:\n  orders: {url: "sqlite:///o.db", create_from: files/o.sql}\n'
STEPS = 40


class Folder:
    """An app's folder that is written to and looked at again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root / "Shop"
        self.shelf = Shelf(root / "run" / "documents.sqlite3")
        self.documents = Documents(self.shelf)
        self.index = AppIndex(label="shop")

    def write(self, path: str, text: str) -> None:
        """Write one file."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    async def look(self) -> AppIndex:
        """Look at what has changed."""
        self.index = await read_index(self.root, "shop", self.index, self.shelf, self.documents)
        return self.index


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """Give a folder with an app of two flows and two Business Objects."""
    made = Folder(tmp_path)
    made.write("files/o.sql", "select 1;\n")
    for path, content in files_of(APP, _object("A", "B"), _object("B"), _flow("F", "A"), _flow("G", "B", "F")).items():
        made.write(path, content.decode())
    yield made
    made.shelf.close()


def _object(name: str, uses: str = "") -> str:
    return f"business_object: {name}\nfields: {{text: string?{f', more: {uses}?' if uses else ''}}}\n"


def _flow(name: str, uses: str, callee: str = "", note: str = "") -> str:
    call = f"  Call: {{type: sub flow, flow: {callee}, next: End}}\n" if callee else ""
    start = f"  Start: {{type: start, next: {'Call' if callee else 'End'}}}\n"
    return f"microflow: {name}\ndescription: {note}.\noutputs: {{Out: {uses}}}\nnodes:\n{start}{call}  End: {{type: end}}\n"


def _assert_told(folder: Folder) -> None:
    """Compare the index with a reading of everything."""
    whole = read_definitions(read_folder(folder.root, label="shop"))
    index = folder.index
    assert sorted(index.flows) == sorted(whole.microflows)
    assert sorted(index.business_objects) == sorted(whole.business_objects)
    assert index.broken == whole.broken
    assert index.snapshot == whole.snapshot
    assert list(index.files) == [file.path for file in whole.source.files]
    assert sorted(fault.one_line() for fault in index.faults) == sorted(fault.one_line() for fault in whole.faults)
    for name, flow in index.flows.items():
        assert whole.path_of_microflow[name] == flow.path
        assert flow.key == whole.readings[flow.path].key


async def test_an_app_is_known_by_its_notes(folder: Folder) -> None:
    """Names, versions, what is used and called; the closure of what a flow uses."""
    index = await folder.look()
    assert index.name == "Shop"
    assert index.snapshot.startswith("v.1.0.0+")
    assert index.flows["G"].note is not None
    assert (index.flows["G"].note.uses, index.flows["G"].note.callees) == (("B",), ("F",))
    assert list(index.closure(["A"])) == ["A", "B"]
    assert index.app is not None
    assert index.app.note is not None
    assert index.app.note.files == ("files/o.sql",)
    _assert_told(folder)


async def test_a_flow_uses_what_only_its_loops_keep(folder: Folder) -> None:
    """The type of a variable of a loop is one that the flow needs, as that of its own variables."""
    folder.write(
        "microflows/L.yaml",
        """
microflow: L
id: 0d7f3e4e-7b1f-4f0a-8a44-0b6e6f0f2c11
nodes:
  Start: {type: start, next: Each}
  Each:
    type: loop
    each: [1]
    variables: {Kept: A}
    nodes:
      Start: {type: start, next: End}
      End: {type: end}
    next: End
  End: {type: end}
""",
    )
    note = (await folder.look()).flows["L"].note
    assert note is not None
    assert note.uses == ("A",)


async def test_what_has_not_changed_is_not_looked_into(folder: Folder) -> None:
    """The same records stand in the next index, and news tells of the flow that changed."""
    first = await folder.look()
    folder.write("microflows/F.yaml", (folder.root / "microflows/F.yaml").read_text() + "# changed\n")
    second = await folder.look()
    assert second.news == {"F"}
    assert second.business_objects is first.business_objects
    assert second.flows["G"] is first.flows["G"]
    await asyncio.sleep(0.05)  # a file that is too young to be known by its times is read again
    await folder.look()
    last = await folder.look()
    assert (last.news, last.looked_into) == (set(), 0)
    _assert_told(folder)


async def test_more_than_a_flow_is_news_of_everything(folder: Folder) -> None:
    """After a Business Object, the app or a file has changed anything may be another."""
    await folder.look()
    folder.write("business_objects/A.yaml", _object("A"))
    assert (await folder.look()).news is None


async def test_a_file_with_faults_is_told_again_each_time(folder: Folder) -> None:
    """It does not become good by being left as it is, nor in another process."""
    folder.write("microflows/F.yaml", "microflow: F\nid: f\nnodes: [\n")
    for _ in range(2):
        index = await folder.look()
        assert [fault.place.file for fault in index.faults if fault.place] == ["shop/microflows/F.yaml"]
        assert index.broken == {"F"}
    folder.index = AppIndex(label="shop")
    assert (await folder.look()).broken == {"F"}
    _assert_told(folder)


async def test_two_files_of_one_name_are_told(folder: Folder) -> None:
    """The first in the order of the paths has the name; when it goes, the other one has it."""
    await folder.look()
    folder.write("microflows/E.yaml", (folder.root / "microflows/F.yaml").read_text())
    assert len((await folder.look()).faults) == 1
    _assert_told(folder)
    (folder.root / "microflows/F.yaml").unlink()
    assert (await folder.look()).flows["F"].path == "microflows/E.yaml"
    _assert_told(folder)


@pytest.mark.parametrize("seed", range(4))
async def test_any_changes_are_told_as_by_a_reading_of_everything(folder: Folder, seed: int) -> None:
    """Files are written, broken, doubled, removed and put back at random; after each step all is as if read anew."""
    draw = random.Random(seed)
    for step in range(STEPS):
        names = [f"F{number}" for number in range(6)]
        name, other = draw.choice(names), draw.choice(names)
        path = f"microflows/{draw.choice(['', 'a/', 'a/b/'])}{draw.choice(names)}.yaml"
        flow = files_of(_flow(name, draw.choice("AB"), draw.choice(["", other]), f"step {step}"))
        text = flow[f"microflows/{name}.yaml"].decode()
        act = draw.randrange(8)
        if act < 3:
            folder.write(path, text)
        elif act == 3:
            folder.write(path, text.replace("nodes:", "nodes: ["))
        elif act == 4:
            folder.write(path, text.replace("nodes:", "unknown: 1\nnodes:"))
        elif act == 5:
            (folder.root / path).unlink(missing_ok=True)
        elif act == 6:
            folder.write(
                f"business_objects/{draw.choice('ABC')}.yaml", _object(draw.choice("ABC"), draw.choice(["", "A"]))
            )
        else:
            folder.write("app.yaml", APP if draw.random() < 0.7 else "app: [\n")
        await folder.look()
        _assert_told(folder)
