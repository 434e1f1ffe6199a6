"""The SQL statements of flows that a check asks databases about, and what they answered.

Flows are checked twice: the first time tells what there is to ask, the second has the answers.
"""

from collections.abc import Mapping

import msgspec

from microflow_runtime.model.app import App


class WantedStatement(msgspec.Struct, frozen=True, eq=False):
    """A statement to ask about. `kinds` are the words of the types of its parameters, as far as they are known."""

    app: App
    source: str
    text: str
    kinds: Mapping[str, str]


class StatementAnswer(msgspec.Struct, frozen=True):
    """What a database says: why it refuses the statement, or the columns with the words of their types, `""` for one not known.

    `columns` is None where the database does not tell them without running the statement.
    """

    columns: tuple[tuple[str, str], ...] | None = None
    refusal: str = ""


class Statements:
    """What is asked and answered in one check."""

    def __init__(self) -> None:
        self.wanted: dict[tuple[str, str, str], WantedStatement] = {}
        self.answers: dict[tuple[str, str, str], StatementAnswer] = {}

    def answer(self, wanted: WantedStatement) -> StatementAnswer | None:
        """Give what the database said of a statement; None, and note it, when it has not been asked."""
        key = (wanted.app.name, wanted.source, wanted.text)
        self.wanted.setdefault(key, wanted)
        return self.answers.get(key)
