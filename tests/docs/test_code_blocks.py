"""Every code block of every page runs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.docs.block_runners import Case, fits, matches, run
from tests.docs.code_blocks import Block, blocks_of, pages, read_blocks
from tests.docs.page_server import PageServer, is_definition, write_page_app

_BLOCKS = [(blocks, index) for blocks in map(blocks_of, pages()) for index in range(len(blocks))]
_PAGES_WITH_APPS = [
    page for page in pages() if any(is_definition(block) and "alone" not in block.words for block in blocks_of(page))
]


@pytest.mark.parametrize(
    ("blocks", "index"),
    [pytest.param(*each, id=f"{each[0][each[1]].place} {each[0][each[1]].language}") for each in _BLOCKS],
)
def test_block(blocks: list[Block], index: int, request: pytest.FixtureRequest) -> None:
    """A block does what its page says that it does."""

    def server() -> PageServer:
        found: PageServer = request.getfixturevalue("server")
        return found

    run(Case(blocks, index, server))


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in _PAGES_WITH_APPS])
def test_definitions_of_a_page_make_an_app(page: Path, tmp_path: Path, check_app: Callable[[Path], str]) -> None:
    """The definitions that a page shows stand together as one app without a fault."""
    app = write_page_app(blocks_of(page), tmp_path / page.stem)
    assert app is not None
    assert check_app(app) == ""


def test_blocks_are_found() -> None:
    """A fence gives its words, its line and its text, also when it is longer or indented."""
    text = "a\n```yaml app\nx: 1\n```\n\n- b\n  ````text\n  ```\n    y\n  ````\n"
    assert read_blocks(text, "page.md") == [
        Block("page.md", 2, ("yaml", "app"), "x: 1\n"),
        Block("page.md", 7, ("text",), "```\n  y\n"),
    ]


def test_a_word_with_a_value_is_no_kind() -> None:
    """The exit code that a block wants does not make it another kind."""
    assert Block("page.md", 1, ("console", "exit=1"), "").kind == ("console", "")
    assert Block("page.md", 1, ("console", "not-run"), "").kind == ("console", "not-run")


def test_open_block_is_an_error() -> None:
    """A block that nobody closes would hide the rest of its page."""
    with pytest.raises(ValueError, match=r"page\.md:1"):
        read_blocks("```text\nx\n", "page.md")


def test_unmarked_block_fails() -> None:
    """A block of a kind that nobody knows how to run makes its page red."""
    case = Case([Block("page.md", 1, ("cobol",), "x\n")], 0, lambda: pytest.fail("no server is needed"))
    with pytest.raises(pytest.fail.Exception, match="cobol"):
        run(case)


@pytest.mark.parametrize(
    ("found", "expected", "is_so"),
    [
        ("a\nb\nc\n", "a\n…\nc", True),
        ("a\nc\n", "a\n…\nc", True),
        ("it took 12 ms\n", "it took … ms", True),
        ("it took 12 ms\nmore\n", "it took … ms", False),
        ("a+b\n", "a.b", False),
    ],
)
def test_output_fits(found: str, expected: str, *, is_so: bool) -> None:
    """Dots stand for any text, alone on a line for any lines, and everything else for itself."""
    assert fits(found, expected) is is_so


@pytest.mark.parametrize(
    ("found", "expected", "is_so"),
    [
        ({"a": 1, "b": "x"}, {"a": 1, "b": "…"}, True),
        ({"a": 1}, {"a": 1, "b": "…"}, False),
        ([1, 2, 3], [1, "…"], True),
        ([2, 2, 3], [1, "…"], False),
        ([1, 2], [1], False),
        (True, 1, False),
    ],
)
def test_reply_matches(found: object, expected: object, *, is_so: bool) -> None:
    """The text of dots stands for any value, and at the end of a list for any more items."""
    assert matches(found, expected) is is_so
