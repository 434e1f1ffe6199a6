"""`microflow refresh` against a server that answers as it is told."""

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner
from werkzeug import Response

from microflow_runtime.cli.main import app


@pytest.fixture(autouse=True)
def _alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _refresh(httpserver: HTTPServer, answer: Response) -> tuple[int, str, str]:
    httpserver.expect_request("/MicroflowRest/refreshCache").respond_with_response(answer)
    words = ["refresh", "--host", httpserver.host, "--port", str(httpserver.port), "--token", "mf1_x"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def test_what_answers_in_the_place_of_folders_is_told(httpserver: HTTPServer) -> None:
    """Each notice on a line of its own, decoded; standard output is as before."""
    notices = "The folder of Shop was read%2C but: v.1, The folder of %E0%B8%A8 was read"
    answer = Response("RefreshCache Success", 200, {"X-Microflow-Notice": notices})
    assert _refresh(httpserver, answer) == (
        0,
        "RefreshCache Success\n",
        "microflow: The folder of Shop was read, but: v.1\nmicroflow: The folder of ศ was read\n",
    )


def test_nothing_more_is_told_where_folders_answer(httpserver: HTTPServer) -> None:
    """Nor where the refresh was refused."""
    assert _refresh(httpserver, Response("RefreshCache Success", 200)) == (0, "RefreshCache Success\n", "")


@pytest.mark.parametrize(("status", "code"), [(401, 4), (409, 1)])
def test_refusals_have_their_exit_codes(httpserver: HTTPServer, status: int, code: int) -> None:
    """The line goes to standard error."""
    assert _refresh(httpserver, Response("No.", status)) == (code, "", "No.\n")
