"""What a server says when it has started."""

import shlex
from pathlib import Path

import pytest

from microflow_runtime.cli.preparation import Prepared
from microflow_runtime.cli.serving import _announce
from microflow_runtime.settings import Settings


def test_the_call_that_is_shown_can_be_pasted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It names a flow that is served, whatever signs its name has, and the home of this server."""
    body = '{"flowName":"It\'s $HOME","object":{}}'
    home = tmp_path / "my home"
    _announce(Settings(home=home, port=8080), 8080, Prepared(None, body))
    login, call = capsys.readouterr().err.splitlines()[-2:]
    assert shlex.split(call)[-1] == body
    assert f"--home '{home}')" in login


def test_nothing_is_shown_where_nothing_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    """It says how there comes to be a flow."""
    _announce(Settings(), 8080, Prepared(None, None))
    told = capsys.readouterr().err
    assert "curl" not in told
    assert "no flow answers yet" in told
