"""What was caught leaves nothing behind, on every kind of database: whole flows, and the savepoints below them."""

from typing import Any

import pytest
from tests.contract.data_sources.conftest import Database, insert, select
from tests.unit.small_apps import FakeSources, SmallApp

from microflow_runtime.engine.mail import Mail, MailReceipt
from microflow_runtime.engine.scopes import Scope, ScopedConnection
from microflow_runtime.errors import NodeError

APP = """
app: Shop
version: v.1.0.0
time_zone: Europe/Berlin
data_sources:
  orders: {url: "sqlite:///orders.db"}
connections:
  post: {type: smtp, host: mail.example, from: shop@shop.example}
"""
NAMES = """
business_object: Names
fields: {names: [string], told: [string], count: integer?}
"""
INNER = """
microflow: Inner
inputs: {In: Names}
nodes:
  Start: {type: start, next: One}
  One: {type: database, source: orders, command: insert, sql: "insert into item values (:n, 1)", in: {n: '= In.names[1]'}, next: Two}
  Two: {type: database, source: orders, command: insert, sql: "insert into item values (:n, 1)", in: {n: '= In.names[2]'}, next: End}
  End: {type: end}
"""
FLOW = """
microflow: F
inputs: {In: Names}
outputs: {Out: Names}
nodes:
  Start: {type: start, next: Do}
  Before: {type: database, source: orders, command: insert, sql: "insert into item values ('before', 1)", next: Do}
  Do:
NODE
    catch: [{error: any, to: After}]
    next: After
  After: {type: database, source: orders, command: insert, sql: "insert into item values ('after', 1)", next: End}
  End: {type: end}
"""
BEFORE = FLOW.splitlines(keepends=True)[6]
MAILS = """
microflow: Inner
inputs: {In: Names}
nodes:
  Start: {type: start, next: One}
  One: {type: database, source: orders, command: insert, sql: "insert into item values (:n, 1)", in: {n: '= In.names[1]'}, next: Two}
  Two: {type: mail, connection: post, to: a@b.example, subject: 'later {n}', text: t, in: {n: '= get or else(In.names[1], "")'}, after: commit, next: Three}
  Three: {type: mail, connection: post, to: a@b.example, subject: 'now {n}', text: t, in: {n: '= get or else(In.names[1], "")'}, next: End}
  End: {type: end}
"""
_TURN = """
    nodes:
      S: {type: start, next: One}
      One: {type: database, source: orders, command: insert, sql: "insert into item values (:n, 1)", in: {n: '= Item'}, next: Two}
      Two: {type: database, source: orders, command: insert, sql: "insert into item values (:n, 1)", in: {n: '= if Item = "bad" then "a" else Item + "2"'}, next: E}
      E: {type: end}"""
NODES = {
    "sub flow": "    type: sub flow\n    flow: Inner\n    in: {In: = In}",
    "branch": (
        "    type: parallel\n    branches:\n      one:\n        S: {type: start, next: M}\n"
        "        M: {type: sub flow, flow: Inner, in: {In: = In}, next: E}\n        E: {type: end}"
    ),
    "stop": '    type: loop\n    each: \'= ["x", "bad", "y"]\'' + _TURN,
    "gather": '    type: loop\n    each: \'= ["x", "bad", "y"]\'\n    failures: gather' + _TURN,
    "at once": '    type: loop\n    each: \'= ["x", "bad", "y", "z"]\'\n    failures: gather\n    at_once: 4' + _TURN,
    "mapping": (
        "    type: database\n    source: orders\n    command: insert\n    sql: insert into item values ('x', 1)\n"
        "    out: {Out.count: '= number(In.names[1])'}"
    ),
}
LEFT = {
    "sub flow": [],
    "branch": [],
    "stop": [],
    "gather": ["x", "x2", "y", "y2"],
    "at once": ["x", "x2", "y", "y2", "z", "z2"],
    "mapping": [],
}


@pytest.mark.parametrize("comes_first", [True, False])
@pytest.mark.parametrize("kind", NODES)
async def test_what_was_caught_leaves_nothing_behind(database: Database, kind: str, comes_first: bool) -> None:
    """What came before and after it stays, and so do the turns that went well."""
    flow = FLOW.replace("NODE", NODES[kind])
    flow = flow.replace(BEFORE, "") if comes_first else flow.replace("next: Do}\n  Before", "next: Before}\n  Before")
    await _call(database, flow, {"In": {"names": ["b", "a"]}})
    assert database.names() == sorted(["a", "after", *LEFT[kind], *([] if comes_first else ["before"])])
    assert database.busy() == 0


async def test_a_try_leaves_nothing_to_the_next(database: Database) -> None:
    """A sub flow that is tried again writes once, and what it wanted done after the commit is done once."""
    flow = FLOW.replace("NODE", NODES["sub flow"] + "\n    retry: {times: 2, wait: 1ms}").replace(BEFORE, "")
    outside = await _call(database, flow, {"In": {"names": ["b"]}}, inner=MAILS, refusals=1)
    assert database.names() == ["a", "after", "b"]
    assert outside.subjects == ["now b", "now b", "later b"]


@pytest.mark.parametrize("comes_first", [True, False])
async def test_scopes_nest(database: Database, comes_first: bool) -> None:
    """An inner scope that is kept goes with the outer one, and the other way round."""
    outermost = Scope()
    async with database.open() as transaction:
        if not comes_first:
            await insert(ScopedConnection(transaction, outermost), "b")
        outer = Scope(outermost)
        inner = Scope(outer)
        await insert(ScopedConnection(transaction, inner), "kept")
        await inner.keep()
        inner.end()
        inner = Scope(outer)
        await insert(ScopedConnection(transaction, inner), "undone")
        await inner.undo()
        inner.end()
        await insert(ScopedConnection(transaction, outer), "outer")
        assert [row["name"] for row in await _rows(transaction)] == sorted(
            ["a", "kept", "outer", *([] if comes_first else ["b"])]
        )
        await outer.undo()
        outer.end()
        await insert(ScopedConnection(transaction, outermost), "last")
        await transaction.commit()
    assert database.names() == sorted(["a", "last", *([] if comes_first else ["b"])])


class Outside(FakeSources):
    """The database behind every data source, and a mail server that refuses some mails at first."""

    def __init__(self, database: Database, refusals: int) -> None:
        super().__init__()
        self._database = database
        self._refusals = refusals
        self.subjects: list[str] = []

    def open_transaction(self, _app: Any, _source: str) -> Any:
        """Open one on the database."""
        return self._database.open()

    async def send_mail(self, _app: Any, _connection: str, mail: Mail) -> MailReceipt:
        """Note the subject."""
        self.subjects.append(mail.subject)
        if self._refusals:
            self._refusals -= 1
            raise NodeError("later.", kind="mail.refused", retryable=True)
        return MailReceipt(message_id="<1@shop.example>", accepted=tuple(mail.recipients))


async def _call(
    database: Database, flow: str, given: dict[str, Any], *, inner: str = INNER, refusals: int = 0
) -> Outside:
    outside = Outside(database, refusals)
    await SmallApp(APP, NAMES, inner, flow, sources=outside).call("F", given)
    return outside


async def _rows(transaction: Any) -> list[dict[str, Any]]:
    rows, _ = await transaction.run(select("select name from item order by name"), {}, 100, undo_alone=False)
    return list(rows)
