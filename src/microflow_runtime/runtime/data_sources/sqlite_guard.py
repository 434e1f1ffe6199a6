"""What a statement on an SQLite file may do: whatever it likes with its own database, and nothing beside it.

Statements and scripts come with an app, which may have been brought by somebody who is not the operator. SQLite asks the
guard while it prepares a statement, so that a prepared one costs nothing more.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

_READING: Final = frozenset({
    "application_id", "data_version", "encoding", "foreign_key_check", "foreign_key_list", "freelist_count", "function_list",
    "index_info", "index_list", "index_xinfo", "integrity_check", "page_count", "quick_check", "table_info", "table_list",
    "table_xinfo", "user_version",
})  # fmt: skip
_SETTINGS: Final = frozenset({
    "auto_vacuum", "busy_timeout", "defer_foreign_keys", "foreign_keys", "journal_mode", "max_page_count", "page_size",
    "recursive_triggers", "synchronous",
})  # fmt: skip
"""Settings of a connection that anybody may read."""
OF_STATEMENTS: Final = _READING
"""The pragmas that a statement of a flow may use: those that tell of the database, and the two numbers kept in it."""
OF_SCRIPTS: Final = _READING | {"auto_vacuum", "defer_foreign_keys", "foreign_keys", "journal_mode", "synchronous"}
"""Those of a script that makes a database; what is dumped from another one begins with some of them."""
_FUNCTIONS: Final = frozenset({"edit", "fts3_tokenizer", "load_extension", "readfile", "writefile"})
"""Functions that reach out of the database; a library may be built without some of them."""
_ACTIONS: Final[Mapping[int, str]] = {
    sqlite3.SQLITE_ATTACH: "reaches another file (`attach`, or `vacuum`)",
    sqlite3.SQLITE_DETACH: "detaches a database",
}


class SqliteGuard:
    """The authorizer of one connection. `refused` is what it refused last, as the rest of a sentence."""

    def __init__(self, pragmas: frozenset[str]) -> None:
        self._pragmas = pragmas
        self.refused = ""

    def __call__(
        self, action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        """Say whether a part of a statement may be prepared."""
        refused = _ACTIONS.get(action, "")
        if action == sqlite3.SQLITE_PRAGMA and not self._takes((first or "").lower(), is_read=second is None):
            refused = f"uses the pragma `{first}`"
        elif action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS:
            refused = f"calls `{second}`"
        elif action in {sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_DROP_VTABLE}:
            refused = f"makes or drops a virtual table (`{second}`), whose own tables could be written behind its back"
        if not refused:
            return sqlite3.SQLITE_OK
        self.refused = f"it {refused}, which no statement of an app may do: it has its own database and nothing else"
        return sqlite3.SQLITE_DENY

    def _takes(self, pragma: str, *, is_read: bool) -> bool:
        return pragma in self._pragmas or (is_read and pragma in _SETTINGS)

    def sentence(self, error: Exception) -> str:
        """Return the reason of an error: of what was refused why, else SQLite's own words."""
        is_ours = any(words in str(error) for words in ("not authorized", "authorization denied"))
        return self.refused if self.refused and is_ours else str(error)


def guard(connection: sqlite3.Connection, pragmas: frozenset[str]) -> SqliteGuard:
    """Set the guard of a connection; pragmas of our own come before."""
    made = SqliteGuard(pragmas)
    connection.set_authorizer(made)
    return made
