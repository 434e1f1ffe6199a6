"""The command `feel`."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from microflow_runtime.cli.main import app


def run(*arguments: str, given: str = "") -> tuple[int, str, str]:
    """Give exit code, output and error output of `microflow feel`."""
    found = CliRunner().invoke(app, ["feel", *arguments], input=given)
    return found.exit_code, found.stdout, found.stderr


def test_the_value_goes_to_standard_output() -> None:
    """Nothing else goes there."""
    assert run("a * 2", "-d", '{"a": 1.10}') == (0, "2.20\n", "")


def test_hidden_errors_go_to_standard_error() -> None:
    """With a caret under their place; the value is null and the code 0."""
    code, output, error = run("1 + 1 / 0")
    assert (code, output) == (0, "null\n")
    assert "1 | 1 + 1 / 0\n  |     ^^^^^\n" in error


@pytest.mark.parametrize("arguments", [("1 / 0", "--strict"), ("a ==",), ("1 / 0", "--explain")])
def test_a_failure_ends_with_1(arguments: tuple[str, ...]) -> None:
    """A text that is no formula, and a strict formula that fails."""
    code, _, error = run(*arguments)
    assert code == 1
    assert "^" in error
    assert error.endswith("1 fault.\n")


def test_data_comes_from_a_file_or_from_standard_input(tmp_path: Path) -> None:
    """As for `microflow run`."""
    file = tmp_path / "data.json"
    file.write_text('{"a": 2}')
    assert run("a", "-d", f"@{file}") == (0, "2\n", "")
    for codec in ("utf-8-sig", "utf-16"):
        file.write_text('{"a": "ก"}', encoding=codec)
        assert run("a", "-d", f"@{file}") == (0, '"ก"\n', "")
    assert run("a", "-d", "-", given='{"a": 3}') == (0, "3\n", "")


def test_a_formula_comes_from_standard_input_where_there_is_no_terminal() -> None:
    """So it can be piped."""
    assert run(given="1 +\n1\n") == (0, "2\n", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-d", "-"), "name a formula"),
        (("1", "-d", "[1]"), "no JSON object"),
        (("1", "-d", "{"), "it is not JSON"),
        (("1", "-d", "@none.json"), "none.json cannot be read"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], sentence: str) -> None:
    """With a sentence on standard error and nothing on standard output."""
    code, output, error = run(*arguments)
    assert (code, output) == (2, "")
    assert sentence in error


def test_the_prompt_comes_with_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a formula each line of the prompt is answered, and a failing one does not end it."""
    from microflow_runtime.cli import feel as command
    from microflow_runtime.cli import feel_prompt

    class Terminal:
        def isatty(self) -> bool:
            return True

    def ask(values, evaluate) -> None:
        assert values == {"a": 1}
        evaluate("a ==", False)
        evaluate("a + 1", True)

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(feel_prompt, "ask", ask)
    command.feel(None, data='{"a": 1}', strict=False, explain=False)
    printed = capsys.readouterr()
    assert printed.out == "a + 1  →  2\n  a  →  1\n"
    assert "MF-F001" in printed.err
