"""Running a flow from its folder, as `microflow run` does."""

from pathlib import Path

import pytest
from tests.unit.small_apps import files_of

from microflow_runtime.errors import BadRequest, DefinitionFaults, InputError, LimitExceeded, NotFound
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.service.local import LocalRun, run_locally
from microflow_runtime.settings import Settings

NAME = "business_object: Name\nfields: {text: string}\n"
APP = """
app: {name}
version: v.1.0.0
data_sources:
  words: {{url: "sqlite:///words.db", create_from: files/words.sql}}
"""
FLOW = """
microflow: Greet
inputs: {In: Name}
outputs: {Out: Name}
nodes:
  Start: {type: start, next: Look up}
  Look up:
    type: database
    source: words
    command: select
    sql: select text || :name as text from word
    in: {name: '= " " + In.text'}
    out: {Out.text: = row.text}
    next: End
  End: {type: end}
"""
LOOP = """
microflow: Loop
nodes:
  Start: {type: start, next: Again?}
  Again?: {type: gateway, links: [{when: = true, to: Again?}, {otherwise: true, to: End}]}
  End: {type: end}
"""


def _write(folder: Path, app: str, *texts: str) -> Path:
    files = files_of(APP.format(name=app), NAME, *texts)
    files["files/words.sql"] = b"create table word(text text); insert into word values ('hello');"
    for path, content in files.items():
        (folder / app / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / app / path).write_bytes(content)
    return folder / app


async def _run(root: Path, name: str, data: bytes, *apps: Path, **settings: int) -> LocalRun:
    made = Settings(home=root / "home", apps=apps, **settings)  # type: ignore[arg-type]
    return await run_locally(made, NODE_TYPES, name, data, capture=False)


async def test_a_flow_runs_on_its_own_data(tmp_path: Path) -> None:
    """The database is made from its script, the outputs are JSON, the record tells the steps."""
    app = _write(tmp_path, "Shop", FLOW)
    reply, execution, error = await _run(tmp_path, "Greet", b'{"In": {"text": "you"}, "Other": 1}', app)
    assert error is None
    assert reply == b'{"Out":{"text":"hello you"}}'
    assert (execution.status, execution.username, execution.unknown_fields) == ("SUCCESS", "operator", 1)
    assert [step.node for step in execution.steps] == ["Start", "Look up", "End"]


async def test_a_flow_of_two_apps_is_named_with_its_app(tmp_path: Path) -> None:
    """The bare name of a flow that two apps have is refused with both; with the app it runs."""
    one = _write(tmp_path, "One", FLOW)
    other = _write(tmp_path, "Two", FLOW.replace("nodes:", "id: 7a6f8f52-27c1-4d6b-8f0a-8d3b2f5f1aff\nnodes:", 1))
    with pytest.raises(NotFound, match="One/Greet, Two/Greet"):
        await _run(tmp_path, "Greet", b"{}", one, other)
    reply, execution, _ = await _run(tmp_path, "Two/Greet", b'{"In": {"text": "you"}}', one, other)
    assert (reply, execution.app) == (b'{"Out":{"text":"hello you"}}', "Two")


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("Nothing", b"{}", NotFound),
        ("Greet", b"[]", BadRequest),
        ("Greet", b"{", BadRequest),
        ("Greet", b"{}", InputError),
    ],
)
async def test_what_cannot_run_is_told(tmp_path: Path, name: str, data: bytes, error: type[Exception]) -> None:
    """An unknown flow, no object, no JSON and a missing input are errors of their own."""
    app = _write(tmp_path, "Shop", FLOW)
    with pytest.raises(error):
        await _run(tmp_path, name, data, app)


async def test_faults_are_told_before_anything_runs(tmp_path: Path) -> None:
    """An app with a fault in another flow runs none of its flows."""
    app = _write(tmp_path, "Shop", FLOW, LOOP.replace("= true", "= nothing"))
    with pytest.raises(DefinitionFaults):
        await _run(tmp_path, "Greet", b"{}", app)


async def test_the_settings_limits_hold(tmp_path: Path) -> None:
    """A run from disk has the limits of the settings, like one on a server."""
    app = _write(tmp_path, "Shop", FLOW, LOOP)
    reply, execution, error = await _run(tmp_path, "Loop", b"{}", app, steps=25)
    assert (reply, type(error)) == (b"", LimitExceeded)
    assert "limit of 25 steps" in execution.exception
