"""`log`: one line, with the execution's id, what the author chose, and nothing sensitive."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from tests.unit.small_apps import SmallApp

from microflow_runtime.telemetry import configure_logs

WISH = """
business_object: Wish
fields:
  article: string
  price: decimal?
  code: {type: string?, sensitive: true}
"""


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """Give what is logged, and let the logs be as they were afterwards."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    yield stream
    structlog.reset_defaults()


def _app(node: str) -> SmallApp:
    return SmallApp(
        WISH,
        f"""
microflow: F
inputs: {{In: Wish}}
nodes:
  Start: {{type: start, next: Say}}
  Say:
    type: log
{node}
    next: End
  End: {{type: end}}
""",
    )


async def _line(app: SmallApp, said: io.StringIO, **given: Any) -> dict[str, Any]:
    await app.call("F", {"In": given})
    (line,) = [json.loads(line) for line in said.getvalue().splitlines()]
    return dict(line)


async def test_a_line_names_flow_execution_caller_and_values(said: io.StringIO) -> None:
    """The message is the event; values come under their names."""
    app = _app("""
    message: '= "wanted: " + In.article'
    level: warning
    in: {price: = In.price}""")
    line = await _line(app, said, article="lamp", price=2)
    assert (line["event"], line["level"], line["room"]) == ("wanted: lamp", "warning", "flow")
    assert (line["flow"], line["execution"], line["value.price"]) == ("F", "0" * 32, "2")


async def test_what_is_sensitive_is_masked(said: io.StringIO) -> None:
    """In a whole Business Object just the field, in a text made of it all of it."""
    app = _app("""
    message: '= if In.code = null then "" else "code " + In.code'
    in: {wish: = In, code: = In.code}""")
    line = await _line(app, said, article="lamp", code="hush")
    assert "hush" not in said.getvalue()
    assert (line["event"], line["value.code"]) == ("***", "***")
    assert json.loads(line["value.wish"]) == {"article": "lamp", "price": None, "code": "***"}


async def test_a_long_value_is_cut_and_says_so(said: io.StringIO) -> None:
    """A line does not grow with the data."""
    line = await _line(_app("    message: = In.article"), said, article="x" * 5000)
    assert line["event"] == "x" * 2000 + "… (5000 characters)"


async def test_control_characters_make_no_second_line(said: io.StringIO) -> None:
    """A caller's line break stays inside the line."""
    line = await _line(_app("    message: = In.article"), said, article='a\n{"level": "error"}')
    assert line["event"] == 'a\n{"level": "error"}'
