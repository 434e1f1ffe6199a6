"""Connections of `app.yaml`: what is told of them, and that they keep what is written."""

import jsonschema
import pytest

from microflow_runtime.compiler.reading.connections import CONNECTION
from microflow_runtime.compiler.reading.definitions import define
from microflow_runtime.compiler.reading.documents import parse
from microflow_runtime.errors import Fault
from microflow_runtime.model.app import App, Connection
from microflow_runtime.model.microflow import Retry


def read(connection: str) -> tuple[App, tuple[Fault, ...]]:
    """Read an app with one connection, written in one line that begins in column 19."""
    text = f"app: A\nversion: v1\nenvironments: {{DEV: {{variables: {{base: x, who: y}}}}}}\nconnections: {{api: {connection}}}\n"
    document, faults = parse("app", "app.yaml", text.encode())
    assert document is not None, faults
    app, told = define(document)
    assert isinstance(app, App)
    return app, told


def test_a_connection_is_kept_as_it_is_written() -> None:
    """Settings keep their variables; `retry` is read at once, since it has none."""
    written = (
        '{type: http, url: "{base}/x", timeout: "{who}", auth: {type: bearer, token: {secret: "{who}-t"}}, '
        "retry: {times: 2, wait: 100ms, factor: 1.5}}"
    )
    app, faults = read(written)
    assert faults == ()
    assert app.connections["api"] == Connection(
        name="api",
        settings={"url": "{base}/x", "timeout": "{who}", "auth": {"type": "bearer", "token": {"secret": "{who}-t"}}},
        retry=Retry(times=2, wait_seconds=0.1, factor=1.5),
    )


@pytest.mark.parametrize(
    ("connection", "code", "word"),
    [
        ("{}", "MF-D011", "url"),
        ("{url: ftp://h}", "MF-D016", "http"),
        ("{url: http://u:pass@h}", "MF-D016", "`auth`"),
        ("{url: 'http://h/a?b'}", "MF-D016", "query"),
        ("{url: http://h/../x}", "MF-D016", "`..`"),
        ("{url: http://h:0}", "MF-D016", "port"),
        ("{url: http://h, tiemout: 2s}", "MF-D010", "timeout"),
        ("{url: http://h, timeout: soon}", "MF-D015", "duration"),
        ("{url: http://h, redirects: 6}", "MF-D016", "0 to 5"),
        ("{url: http://h, auth: {}}", "MF-D011", "type"),
        ("{url: http://h, auth: {type: digest}}", "MF-D016", "oauth2"),
        ("{url: http://h, auth: {type: basic, username: u, password: plain}}", "MF-D012", "never the secret"),
        ("{url: http://h, auth: {type: bearer, token: '{who}'}}", "MF-D012", "never the secret"),
        ("{url: http://h, auth: {type: bearer, token: {secret: ../x}}}", "MF-D016", "name of a secret"),
        ("{url: http://h, auth: {type: api key, name: Host, key: {secret: k}}}", "MF-D016", "exchange"),
        (
            "{url: http://h, auth: {type: oauth2, token_url: http://h/t, client_id: c, grant: refresh_token}}",
            "MF-D017",
            "",
        ),
        (
            "{url: http://h, auth: {type: oauth2, token_url: http://h/t, client_id: c, refresh_token: {secret: r}}}",
            "MF-D017",
            "",
        ),
        ("{url: http://h, tls: {certificate: {secret: c}}}", "MF-D017", "`key`"),
        ("{url: http://h, headers: {Content-Length: '5'}}", "MF-D016", "exchange"),
        ('{url: http://h, headers: {X: "a\\nb"}}', "MF-D016", "character"),
        ("{url: '{bass}'}", "MF-D016", "base"),
        ("{url: http://h, retry: {times: '{who}'}}", "MF-D012", "whole number"),
        ("{url: http://h, breaker: {open: 1s}}", "MF-D011", "failures"),
    ],
)
def test_a_fault_is_told(connection: str, code: str, word: str) -> None:
    """What is wrong in a connection is told when the app is read, and no password is shown."""
    _, faults = read(connection)
    assert [fault.code for fault in faults] == [code]
    told = faults[0].one_line() + faults[0].expected
    assert word in told
    assert "pass@" not in faults[0].message
    assert "plain" not in told


@pytest.mark.parametrize(
    ("connection", "is_good"),
    [
        ({"url": "https://h", "auth": {"type": "bearer", "token": {"secret": "t"}}}, True),
        ({"type": "http", "url": "{base}", "pool_size": "{n}"}, True),
        ({"url": "https://h", "auth": {"type": "bearer", "token": "plain"}}, False),
        ({"url": "https://h", "unknown": 1}, False),
        ({"type": "gopher", "url": "https://h"}, False),
        ({"timeout": "2s"}, False),
    ],
)
def test_the_schema_says_the_same(connection: dict[str, object], *, is_good: bool) -> None:
    """An editor that knows the JSON Schema tells good connections from others."""
    assert jsonschema.Draft202012Validator(CONNECTION.schema()).is_valid(connection) is is_good
