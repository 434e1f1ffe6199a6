"""What the account commands print."""

import json

import pytest
import typer

from microflow_runtime.cli.accounts.output import fail, show
from microflow_runtime.errors import Conflict, MicroflowError, NotPermitted, SettingsError, StoreError


def test_lists_take_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns are as wide as their widest text, and no line ends with a space."""
    show([{"name": "a", "roles": ["x", "longer"]}, {"name": "bbb", "roles": []}], as_json=False)
    assert capsys.readouterr().out == "name  roles\na     x\n      longer\nbbb\n"


def test_nothing_prints_nothing_for_people_and_a_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """No rows are no output, or `[]`."""
    show([], as_json=False)
    assert capsys.readouterr().out == ""
    show([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    ("error", "code"), [(SettingsError("x"), 2), (StoreError("x"), 3), (NotPermitted("x"), 4), (Conflict("x"), 1)]
)
def test_each_failure_has_its_code(error: MicroflowError, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence goes to standard error with the error's code."""
    with pytest.raises(typer.Exit) as caught:
        fail(error)
    assert caught.value.exit_code == code
    assert capsys.readouterr().err == f"error {error.code}: x\n"
