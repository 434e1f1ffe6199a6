"""What a node asks of a place of files: a folder of the machine, or a server, without a word about how it is reached."""

from collections.abc import Callable
from typing import BinaryIO, Literal, Protocol, TypeVar

_T = TypeVar("_T")
Existing = Literal["refuse", "replace", "append"]
"""What becomes of a file of the same name: writing is refused, or the file is replaced, or what is written comes behind it."""


class Files(Protocol):
    """A place of files while a node uses it. Its methods block, and are called in the thread of a session only.

    A name is a text with `/` between folders, checked here: it never leaves the place. All methods raise NodeError of a
    kind `file…`, with the name as `file` in its data.
    """

    def open(self, name: str) -> BinaryIO:
        """Open a file to be read, at any position. It is closed with the session at the latest."""
        ...

    def size(self, name: str) -> int | None:
        """Give the size of a file in bytes; None when there is none."""
        ...

    def store(self, name: str, content: BinaryIO, existing: Existing) -> None:
        """Write what `content` holds from its position on: whole or not at all, where the place can."""
        ...

    def move(self, name: str, to: str, *, replace: bool) -> None:
        """Give a file another name in the same place; folders on the way are made."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file."""
        ...

    def scratch(self) -> BinaryIO:
        """Give a file without a name on the server's own disk. It is gone when it is closed, or the session is."""
        ...

    def go_on(self) -> None:
        """Raise when the session has been stopped. Whoever computes for long calls it now and then."""
        ...


class FileSession(Protocol):
    """A thread of its own for work on one place of files. Whoever is cancelled stops the work, and sockets are closed."""

    async def do(self, work: Callable[[Files], _T]) -> _T:
        """Do some blocking work in the thread; one after the other. Raises what the work raises."""
        ...
