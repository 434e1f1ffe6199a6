"""Packages made at random: what is written comes back, and nothing that is read is ever an error of another kind."""

from hypothesis import given
from hypothesis import strategies as st

from microflow_runtime.compiler.reading import source_of_files
from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime.packages import Package, kept_name, read_package
from microflow_runtime.runtime.packages.archive import write_archive
from microflow_runtime.runtime.packages.contents import check_distinct, check_first_bytes, check_name

APP = b"app: Shop\nversion: v.1.0.0\n"
_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map("files/{}".format)
_FILES = st.dictionaries(_NAMES, st.binary(max_size=200), max_size=8)
_GOOD = write_archive(
    {"app.yaml": APP, "files/a": b"a" * 50, "microflows/ก.yaml": b"microflow: F\n", "snapshot.yaml": b"kind: flows\n"}
)


@given(_FILES)
def test_what_is_written_comes_back_or_is_refused(files: dict[str, bytes]) -> None:
    """Every file byte for byte under its own name, or one reason that a check of its own confirms."""
    content = write_archive({"app.yaml": APP, **files})
    try:
        package = read_package("x.jar", content)
    except BadRequest:
        assert _is_refused(files)
        return
    assert {file.path: file.content for file in package.source.files} == {"app.yaml": APP, **files}
    assert package.source == source_of_files("x.jar", {"app.yaml": APP, **files})


def _is_refused(files: dict[str, bytes]) -> bool:
    try:
        for name, content in files.items():
            check_name(name, 0)
            check_first_bytes(name, content)
        check_distinct(files)
    except BadRequest:
        return True
    return False


@given(st.lists(st.tuples(st.integers(0, len(_GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_package_is_refused_or_says_the_same(changes: list[tuple[int, int]]) -> None:
    """Bytes changed anywhere never make an error of another kind, and never another content of a file of the same name."""
    damaged = bytearray(_GOOD)
    for position, value in changes:
        damaged[position] = value
    good = {file.path: file.content for file in read_package("x.jar", _GOOD).source.files}
    found = _read(bytes(damaged))
    if isinstance(found, str):
        assert found.startswith("The package")
        return
    for file in found.source.files:
        assert good.get(file.path, file.content) == file.content


def _read(content: bytes) -> Package | str:
    """Give the package, or the reason that it is refused with."""
    try:
        return read_package("x.jar", content)
    except BadRequest as error:
        return error.message


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_our_own_words(content: bytes) -> None:
    """Nothing else ever comes out of it, with the end of an archive behind it or without."""
    for sent in (content, content + _GOOD[-22:], _GOOD[:30] + content):
        found = _read(sent)
        assert isinstance(found, str)
        assert found.startswith("The package")


@given(st.text(max_size=300), st.text(max_size=300))
def test_what_names_are_kept_under(one: str, other: str) -> None:
    """Always a plain name of a file; two names never meet."""
    kept = kept_name(one)
    assert 0 < len(kept.encode()) <= 255
    assert not kept.startswith(".")
    assert "/" not in kept
    assert "\\" not in kept
    assert kept.isprintable()
    assert (one == other) == (kept == kept_name(other))
