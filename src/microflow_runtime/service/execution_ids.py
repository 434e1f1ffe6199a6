"""The ids of executions: 128 random bits as 32 hex digits, drawn from the system many at a time."""

import os
from typing import Final

_HEX_DIGITS: Final = 32
_DRAWN: Final = 256


class ExecutionIds:
    """A source of ids. One system call serves 256 of them: it costs as much as three steps of a flow."""

    def __init__(self) -> None:
        self._pool = ""
        self._at = 0

    def new(self) -> str:
        """Give an id that nobody can guess from another."""
        at = self._at
        if at >= len(self._pool):
            self._pool = os.urandom(_DRAWN * _HEX_DIGITS // 2).hex()
            at = 0
        self._at = at + _HEX_DIGITS
        return self._pool[at : at + _HEX_DIGITS]
