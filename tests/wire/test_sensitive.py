"""A canary in sensitive fields, sent to a whole worker: what callers, logs, audit, traces and metrics tell of it."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.app_folder import write_app
from tests.wire.world import World

CANARY = "c4n4ry-20480177"
_FLOW = """
id: id-of-NAME
inputs: {In: Card}
outputs: {Out: Told}
nodes:
  Start: {type: start, next: Do}
  Do: NODE
  End: {type: end}
"""
_NODES = {
    "Formula": "{type: mapping, out: {Out.count: = number(In.code)}, next: End}",
    "Does Not Fit": "{type: mapping, out: {Out.count: = In.balance / 2}, next: End}",
    "Waits": "{type: database, source: cards, command: select, sql: 'select json(:code)', in: {code: = In.code}, next: End}",
    "Unique": (
        "{type: database, source: cards, command: insert, sql: 'insert into card values (:code), (:code)',"
        " in: {code: = In.code}, next: End}"
    ),
    "Throws": "{type: throw, message: '= \"No \" + In.code'}",
}
_CARD = "code: {type: string, sensitive: true}\nbalance: {type: decimal?, sensitive: true}"


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a worker with flows that all fail."""
    folder = tmp_path_factory.mktemp("cards")
    flows = {
        name: _FLOW.replace("NAME", name.replace(" ", "-"))
        .replace("NODE", node)
        .replace("  End: {type: end}\n", "" if "throw" in node else "  End: {type: end}\n")
        for name, node in _NODES.items()
    }
    app = "app: Cards\nversion: v.1.0.0\ndata_sources:\n  cards: {url: 'sqlite:///cards.db'}\n"
    apps = write_app(folder / "Cards", app, {"Card": _CARD, "Told": "count: integer?"}, flows)
    made = World(
        folder,
        [apps],
        allow=[*(("microflow", f"Cards/{name}", "execute") for name in _NODES), ("data_source", "*", "use")],
    )
    yield made
    made.close()


@pytest.mark.parametrize("name", _NODES)
def test_no_reply_and_no_record_tells_the_canary(cards: World, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The caller is told that the call failed and where; the value stands nowhere."""
    answer = cards.act({"flowName": name, "object": {"In": {"code": CANARY, "balance": 20480177}}})
    told = answer.body.decode()
    assert '"responseStatus":"ERROR"' in told
    wrong = cards.act({"flowName": name, "object": {"In": {"code": 20480177, "balance": CANARY}}}).body.decode()
    assert "expected text, found number ***" in wrong
    output = capsys.readouterr()
    recent = cards.application.do_action.recent.list()
    everything = [
        told,
        wrong,
        output.out + output.err,
        msgspec.json.encode(recent, enc_hook=str).decode(),
        repr(cards.run(cards.store.list_audit())),
        cards.runtime.metrics.render().decode(),
    ]
    for text in everything:
        assert CANARY not in text
        assert "20480177" not in text
    assert "execution failed" in everything[2]
