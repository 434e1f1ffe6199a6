"""Packages: a good one comes back as it was made, anything else is refused with its reason."""

import io
import stat
import struct
import zipfile

import pytest
from tests.unit.small_apps import LINE, ORDER, files_of

from microflow_runtime.compiler.reading import read_definitions, source_of_files
from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages import read_package, record, write_package

FLOW = """
microflow: Copy
inputs: {In: Order}
outputs: {Out: Order}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
"""
OTHER = "business_object: Unused\nfields: {x: string}\n"


def _zip(*entries: tuple[str | zipfile.ZipInfo, bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", pack) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


APP = ("app.yaml", b"app: Shop\nversion: v.1.0.0\n")


def _made() -> tuple[bytes, dict[str, bytes]]:
    files = files_of(ORDER, LINE, OTHER, FLOW, files={"files/a.sql": b"select 1;"})
    definitions = read_definitions(source_of_files("shop", files))
    return write_package(definitions, ["Copy"]), files


def test_a_package_comes_back_as_it_was_made() -> None:
    """It holds the app, the flow, its Business Objects and the shared files, byte for byte, and no other definition."""
    content, files = _made()
    source = read_package("x.jar", content).source
    assert {file.path: file.content for file in source.files} == {
        path: text for path, text in files.items() if path != "business_objects/Unused.yaml"
    }
    definitions = read_definitions(source)
    assert definitions.faults == ()
    assert list(definitions.microflows) == ["Copy"]


def test_the_same_content_makes_the_same_bytes() -> None:
    """Nothing of the time or the machine gets into a package."""
    assert _made()[0] == _made()[0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../app.yaml", "leads out of it"),
        ("microflows/../../x.yaml", "leads out of it"),
        ("/etc/passwd", "leads out of it"),
        ("files//x", "leads out of it"),
        ("files/./x", "leads out of it"),
        ("C:/x", "leads out of it"),
        ("files\\x", "leads out of it"),
        ("files/run.py", "holds code"),
        ("files/a.CLASS", "holds code"),
        ("files/inner.jar", "holds code"),
        ("files/deep/inner.zip", "holds an archive"),
        ("microflows/" + "a/" * 11 + "b.yaml", "does not belong"),
        ("microflows/deep/a.yml", "does not belong"),
        ("microflows/a.txt", "does not belong"),
        ("META-INF/MANIFEST.MF", "does not belong"),
        ("App.yaml", "does not belong"),
    ],
)
def test_names_that_do_not_belong_are_refused(name: str, reason: str) -> None:
    """One wrong name is enough to refuse the whole package."""
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    with pytest.raises(BadRequest, match=reason):
        read_package("x.jar", _zip(APP, (entry, b"x")))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_special_files_are_refused(kind: int) -> None:
    """An entry that is no plain file is refused by its mode."""
    entry = zipfile.ZipInfo("files/a")
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(BadRequest, match="a link or a special file"):
        read_package("x.jar", _zip(APP, (entry, b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused() -> None:
    """Which of the two would count depends on the reader."""
    with pytest.raises(BadRequest, match="the same name twice"):
        read_package("x.jar", _zip(APP, ("files/a", b"1"), ("files/a", b"2")))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """A file packed tighter than 1 to 100 is refused by what it says of itself."""
    with pytest.raises(BadRequest, match="packed tighter than 1 to 100"):
        read_package("x.jar", _zip(APP, ("files/zeros", bytes(15_000_000))))


def test_many_files_that_are_large_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sum counts, too."""
    monkeypatch.setattr(record, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(BadRequest, match="holds more than 1000000 bytes"):
        read_package("x.jar", _zip(APP, *((f"files/{n}", bytes(300_000)) for n in range(4))))


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of entries is bounded."""
    monkeypatch.setattr(record, "MAX_ENTRIES", 3)
    with pytest.raises(BadRequest, match="more than 3 entries"):
        read_package("x.jar", _zip(APP, *((f"files/{n}", b"") for n in range(3))))


def test_a_file_that_holds_more_than_it_says_is_refused() -> None:
    """The size in the directory is what is counted, so it must be true."""
    content = _zip(APP, ("files/a", b"x" * 5000), pack=zipfile.ZIP_STORED)
    directory = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    lying = bytearray(content)
    lying[directory + 24 : directory + 28] = struct.pack("<I", 10)
    with pytest.raises(BadRequest):
        read_package("x.jar", bytes(lying))


@pytest.mark.parametrize("pack", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(pack: int) -> None:
    """Only stored and deflated files are read."""
    with pytest.raises(BadRequest, match="packed in another way than deflate"):
        read_package("x.jar", _zip(APP, pack=pack))


def test_every_truncation_is_refused() -> None:
    """A package cut anywhere is no package, and never an error of another kind."""
    content, _ = _made()
    for length in range(0, len(content) - 1, 7):
        with pytest.raises(BadRequest):
            read_package("x.jar", content[:length])


def test_damage_anywhere_is_refused_or_harmless() -> None:
    """A wrong byte anywhere is refused in our own words, or changes nothing that is read."""
    content, files = _made()
    for position in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        try:
            source = read_package("x.jar", bytes(damaged)).source
        except BadRequest:
            continue
        assert all(files.get(file.path) == file.content for file in source.files)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"\x7fELF" + bytes(100)])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    """Anything else is refused in one sentence that names no path."""
    with pytest.raises(BadRequest, match=r"^The package is no readable zip archive\.$"):
        read_package("/secret/place/x.jar", content)


def test_a_package_has_an_app() -> None:
    """Without app.yaml it says nothing of where it belongs."""
    with pytest.raises(BadRequest, match=r"has no app.yaml"):
        read_package("x.jar", _zip(("microflows/a.yaml", b"microflow: A")))


def test_folders_that_other_programs_note_are_passed_over() -> None:
    """They say nothing; a file in them counts as ever."""
    entry = zipfile.ZipInfo("files/")
    entry.external_attr = (stat.S_IFDIR | 0o755) << 16
    source = read_package("x.jar", _zip(APP, (entry, b""), ("files/a", b"1"))).source
    assert [file.path for file in source.files] == ["app.yaml", "files/a"]


def test_an_office_document_is_data() -> None:
    """It is a zip by its content, and a file of the app by its name."""
    book = _zip(("xl/workbook.xml", b"<x/>"))
    assert read_package("x.jar", _zip(APP, ("files/prices.xlsx", book))).source.find_file("files/prices.xlsx")
    with pytest.raises(BadRequest, match="holds an archive"):
        read_package("x.jar", _zip(APP, ("files/prices.csv", book)))


@pytest.mark.parametrize("pack", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_package_that_another_program_made_is_read(pack: int) -> None:
    """Also when it was written without seeking back, so that sizes stand behind the data."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", pack) as archive:  # type: ignore[arg-type]  # it needs no more than write and flush
        for name, content in (APP, ("files/\u0e01 a.txt", b"x" * 5000)):
            archive.writestr(name, content)
    source = read_package("x.jar", bytes(pipe.written)).source
    assert [file.path for file in source.files] == ["app.yaml", "files/\u0e01 a.txt"]


class _Pipe:
    """Takes bytes in their order and nothing else."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, piece: bytes) -> int:
        """Take bytes."""
        self.written += piece
        return len(piece)

    def flush(self) -> None:
        """Do nothing."""


def test_the_kind_stands_in_the_package() -> None:
    """A whole app says nothing, chosen flows and patches say what they are."""
    patch = b"kind: patch\nbase: v.0.9.0\nremoved: [files/old, microflows/Old.yaml]\n"
    for written, told in (
        (None, ("full", "", ())),
        (b"kind: full", ("full", "", ())),
        (b"kind: flows", ("flows", "", ())),
        (patch, ("patch", "v.0.9.0", ("files/old", "microflows/Old.yaml"))),
        (b"kind: patch\nbase: v.0.9.0", ("patch", "v.0.9.0", ())),
    ):
        package = read_package("x.jar", _zip(APP, *([("snapshot.yaml", written)] if written else [])))
        assert (package.kind, package.base, package.removed) == told
        assert [file.path for file in package.source.files] == ["app.yaml"]
