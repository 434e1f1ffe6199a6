"""Finds the code blocks of the pages. How a block is marked, and what the mark means, is told in CONTRIBUTING.md."""

from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_FENCE: Final = "```"


class Block(msgspec.Struct, frozen=True):
    """A fenced block: its page, the line of its opening fence, the words behind it, and its text."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        """Give the first word; `""` when there is none."""
        return self.words[0] if self.words else ""

    @property
    def kind(self) -> tuple[str, str]:
        """Give the language and the second word, `""` when there is none; a word such as `exit=1` does not count."""
        words = [word for word in self.words[1:] if "=" not in word]
        return (self.language, words[0] if words else "")

    @property
    def place(self) -> str:
        """Give page and line, to click on."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Give every page whose blocks are run: the Markdown files at the top, and all under docs."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks_of(page: Path) -> list[Block]:
    """Give the blocks of a page in their order.

    Raises ValueError when a block is not closed.
    """
    name = page.relative_to(ROOT).as_posix()
    return read_blocks(page.read_text(encoding="utf-8"), name)


def read_blocks(text: str, name: str) -> list[Block]:
    """Give the blocks of a text in their order; a fence may be longer than three ticks, and indented in a list."""
    found: list[Block] = []
    fence, words, began, lines, indent = "", (), 0, [], 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not fence:
            if bare.startswith(_FENCE):
                fence = bare[: len(bare) - len(bare.lstrip("`"))]
                words, began, lines = tuple(bare[len(fence) :].split()), number, []
                indent = len(line) - len(line.lstrip())
        elif bare == fence:
            found.append(Block(name, began, words, "".join(each[indent:] + "\n" for each in lines)))
            fence = ""
        else:
            lines.append(line)
    if fence:
        message = f"{name}:{began}: the block is not closed"
        raise ValueError(message)
    return found
