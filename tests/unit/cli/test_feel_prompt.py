"""The prompt for formulas."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from microflow_runtime.cli.feel_prompt import NameCompleter, ask, candidates, history_file, open_history
from microflow_runtime.feel.functions.table import BUILT_INS

VALUES: dict[str, Any] = {
    "order": {"lines": [{"sku": "a", "price": Decimal(1)}], "note": None},
    "rate": Decimal(2),
    "round trips": True,
}


@pytest.fixture
def typed() -> Iterator[Any]:
    """Give a terminal that is typed into by the test."""
    with create_pipe_input() as terminal:
        yield terminal


def answered(terminal: Any, keys: str) -> list[tuple[str, bool]]:
    """Type keys, and give the formulas that were to be evaluated."""
    terminal.send_text(keys)
    asked: list[tuple[str, bool]] = []
    session: PromptSession[str] = PromptSession(
        input=terminal, output=DummyOutput(), completer=NameCompleter(VALUES), history=InMemoryHistory()
    )
    ask(VALUES, lambda text, explains: asked.append((text, explains)), session)
    return asked


def test_each_line_is_evaluated_until_the_end_of_input(typed: Any) -> None:
    """Empty lines are nothing, `:explain` asks for the parts, Ctrl-C gives up a line, Ctrl-D ends."""
    keys = "1 + 1\r\r:explain rate > 1\rgiven up\x03rate\r\x04"
    assert answered(typed, keys) == [("1 + 1", False), ("rate > 1", True), ("rate", False)]


def test_quit_ends_the_prompt(typed: Any) -> None:
    """What was typed behind it is not evaluated."""
    assert answered(typed, "rate\r:quit\r1\r\x04") == [("rate", False)]


def test_lines_go_into_the_history(typed: Any) -> None:
    """What was typed can be called back, also when it was no formula."""
    history = InMemoryHistory()
    typed.send_text("rate *\rrate * 2\r\x04")
    session: PromptSession[str] = PromptSession(input=typed, output=DummyOutput(), history=history)
    ask(VALUES, lambda *_: None, session)
    assert history.get_strings() == ["rate *", "rate * 2"]


def names(before: str) -> dict[str, str]:
    """Give the names that go on from a text, and what is said of them."""
    return {found.name: found.about for found in candidates(before, VALUES)}


def test_fields_are_completed_behind_a_dot() -> None:
    """Those of contexts, and of the items of lists."""
    assert names("1 + order.") == {"lines": "list", "note": "null"}
    assert names("order.lines.pr") == {"price": "number"}
    assert names("order . no") == {"note": "null"}
    assert names("rate.") == names("nobody.x") == {}


def test_names_and_functions_are_completed() -> None:
    """Names of the values come first; functions open their arguments and tell what they do."""
    assert names("(or") == {"order": "context"}
    assert names("1 +rat") == {"rate": "number"}
    assert names("sub") == {
        found.name + "(": found.summary for found in BUILT_INS.values() if found.name.startswith("sub")
    }


def test_names_of_several_words_are_completed() -> None:
    """A name goes on from all its words that are there, and the case does not matter."""
    assert {"round half up(", "round half down("} <= set(names("1 + Round half "))
    assert "round trips" in names("round t")
    (found,) = (found for found in candidates("1 + round half u", VALUES) if found.name == "round half up(")
    assert found.length == len("round half u")


def test_what_is_complete_is_not_offered() -> None:
    """A name that stands there already is no candidate."""
    assert "rate" not in names("rate")


def test_the_completer_replaces_what_was_begun() -> None:
    """The completion begins where the name did."""
    (found,) = NameCompleter(VALUES).get_completions(Document("order.li"), None)  # type: ignore[arg-type]
    assert (found.text, found.start_position, found.display_meta_text) == ("lines", -2, "list")


def test_the_history_is_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept in the state folder, for nobody else to read."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    open_history().append_string("1 + 1")
    file = history_file({"XDG_STATE_HOME": str(tmp_path)})
    assert file == tmp_path / "microflow" / "feel_history"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(open_history().load_history_strings()) == ["1 + 1"]


def test_without_a_place_for_it_the_history_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The prompt goes on, and says why nothing is kept."""
    (tmp_path / "microflow").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert isinstance(open_history(), InMemoryHistory)
    assert "no history is kept" in capsys.readouterr().err
