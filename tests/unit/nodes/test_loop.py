"""`loop` as it runs: its items, what turns see and write, side by side, errors, limits, and what the trace keeps."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.engine import RunLimits, record_execution
from microflow_runtime.errors import DeadlineExceeded, LimitExceeded, NodeError

LINE = """
business_object: Line
fields:
  sku: string
  price: decimal
  quantity: integer
  secret: {type: string?, sensitive: true}
"""
CART = """
business_object: Cart
fields:
  lines: [Line]
"""
SUM = """
business_object: Sum
fields:
  total: decimal?
  text: string?
  count: integer?
  names: [string]
  prices: [decimal]
"""
ADDING = """
    nodes:
      Start: {type: start, next: Add}
      Add: {type: mapping, out: {Out.total: = Out.total + Line.price * Line.quantity}, next: End}
      End: {type: end}
"""


def _app(loop: str, *, first: str = "Out.total: 0", after: str = "  End: {type: end}") -> SmallApp:
    return SmallApp(
        LINE,
        CART,
        SUM,
        f"""
microflow: F
inputs: {{In: Cart}}
outputs: {{Out: Sum}}
nodes:
  Start: {{type: start, next: First}}
  First: {{type: mapping, out: {{{first}}}, next: Each}}
  Each:
    type: loop
{loop.strip(chr(10))}
    next: End
{after}
""",
    )


def _lines(*prices: str) -> dict[str, Any]:
    lines = [{"sku": f"s{index}", "price": Decimal(price), "quantity": 2} for index, price in enumerate(prices)]
    return {"In": {"lines": lines}}


async def test_each_turn_sees_its_item_and_what_the_turns_before_it_wrote() -> None:
    """The turns add up, one after the other."""
    app = _app("    each: = In.lines\n    item: Line" + ADDING)
    assert (await app.call("F", _lines("1.50", "2.25")))["Out"]["total"] == Decimal("7.50")


async def test_a_loop_over_nothing_takes_no_turn() -> None:
    """An empty list: the flow goes on, `count` is 0."""
    app = _app("    each: = In.lines\n    item: Line\n    out: {Out.count: = count}" + ADDING)
    out = (await app.call("F", {"In": {"lines": []}}))["Out"]
    assert (out["count"], out["total"]) == (0, 0)


async def test_what_turns_collect_comes_in_the_order_of_the_items() -> None:
    """`results` holds what each turn gave."""
    app = _app(
        "    each: = In.lines\n    item: Line\n    number: n\n    collect: = Line.sku + string(n)\n"
        "    out: {Out.names: = results}" + ADDING
    )
    assert (await app.call("F", _lines("1", "2", "3")))["Out"]["names"] == ["s01", "s12", "s23"]


async def test_while_turns_as_long_as_its_condition_is_true() -> None:
    """The condition is looked at before each turn and sees what the last one wrote."""
    app = _app(
        """
    while: = Out.total < 10
    out: {Out.count: = count}
    nodes:
      Start: {type: start, next: Add}
      Add: {type: mapping, out: {Out.total: = Out.total + 3}, next: End}
      End: {type: end}
"""
    )
    out = (await app.call("F", _lines()))["Out"]
    assert (out["total"], out["count"]) == (12, 4)


async def test_a_turn_begins_without_what_the_turn_before_kept_for_itself() -> None:
    """Variables of the loop are empty at the start of every turn."""
    app = _app(
        """
    each: = In.lines
    item: Line
    variables: {Seen: string, All: [string]}
    collect: = if Seen = "no" then count(All) else -1
    out: {Out.prices: = results}
    nodes:
      Start: {type: start, next: Was it?}
      Was it?:
        type: gateway
        links:
          - {when: = Seen = null, to: No}
          - {otherwise: true, to: End}
      No: {type: mapping, out: {Seen: no, All: '= append(All, Line.sku)'}, next: End}
      End: {type: end}
"""
    )
    assert (await app.call("F", _lines("1", "2")))["Out"]["prices"] == [1, 1]


async def test_a_gateway_ways_and_a_loop_inside_a_loop() -> None:
    """Every turn walks its own way, and a turn may turn itself."""
    app = _app(
        """
    each: = In.lines
    item: Line
    nodes:
      Start: {type: start, next: Inner}
      Inner:
        type: loop
        each: = In.lines
        item: Other
        nodes:
          Start: {type: start, next: Same?}
          Same?:
            type: gateway
            links:
              - {when: = Other.sku = Line.sku, to: End}
              - {otherwise: true, to: Add}
          Add: {type: mapping, out: {Out.total: = Out.total + Other.price}, next: End}
          End: {type: end}
        next: End
      End: {type: end}
"""
    )
    assert (await app.call("F", _lines("1", "10", "100")))["Out"]["total"] == 222


async def test_the_first_error_names_its_turn_and_ends_the_loop() -> None:
    """The message leads from the flow to the node inside, and the turns behind the failing one are not taken."""
    app = _app(
        """
    each: = In.lines
    item: Line
    nodes:
      Start: {type: start, next: Divide}
      Divide: {type: mapping, out: {Out.total: = Out.total + 1 / Line.price}, next: End}
      End: {type: end}
"""
    )
    with pytest.raises(NodeError) as caught:
        await app.call("F", _lines("1", "0", "1"))
    assert caught.value.message.startswith('F, loop "Each": turn 2, mapping "Divide": ')
    assert caught.value.kind == "formula"
    assert app.run is not None
    (step,) = [step for step in record_execution(app.run, snapshot="", epoch=1).steps if step.node == "Each"]
    assert [(turn.name, bool(turn.error)) for turn in step.turns] == [("1", False), ("2", True)]


async def test_a_catch_of_the_loop_takes_the_error_of_a_turn() -> None:
    """The loop is a node like others: its catches see the kind of the error inside."""
    app = _app(
        """
    each: = In.lines
    item: Line
    catch: [{error: stock, out: {Out.text: = error.message}, to: End}]
    nodes:
      Start: {type: start, next: Refuse}
      Refuse: {type: throw, error: stock.empty, message: '= "no " + Line.sku'}
"""
    )
    out = (await app.call("F", _lines("1")))["Out"]
    assert out["text"] == "no s0"


async def test_gathered_errors_leave_gaps_in_the_results() -> None:
    """With `failures: gather` all turns are taken; a failed one gives null, and its error is in `failures`."""
    app = _app(
        """
    each: = In.lines
    item: Line
    failures: gather
    variables: {Price: decimal}
    collect: = Price
    out: {Out.prices: '= for p in results return if p = null then -1 else p', Out.names: '= for f in failures return f.kind + " " + string(f.turn)', Out.count: = count}
    nodes:
      Start: {type: start, next: Divide}
      Divide: {type: mapping, out: {Price: = 1 / Line.price}, next: End}
      End: {type: end}
"""
    )
    out = (await app.call("F", _lines("1", "0", "4")))["Out"]
    assert (out["prices"], out["names"], out["count"]) == ([1, -1, Decimal("0.25")], ["formula 2"], 3)


async def test_a_gathered_throw_is_told_by_its_sentence() -> None:
    """What is gathered of a throw is what its author wrote; the number of the turn stands beside it."""
    app = _app(
        """
    each: = In.lines
    item: Line
    failures: gather
    out: {Out.names: '= for f in failures return f.message'}
    nodes:
      Start: {type: start, next: Refuse}
      Refuse: {type: throw, message: '= "no " + Line.sku'}
"""
    )
    assert (await app.call("F", _lines("1", "2")))["Out"]["names"] == ["no s0", "no s1"]


async def test_turns_side_by_side_do_not_see_each_other() -> None:
    """Each of many turns at once has its own variables, and the results are in order."""
    app = _app(
        """
    each: = In.lines
    item: Line
    at_once: 4
    variables: {Mine: string}
    collect: = Mine
    out: {Out.names: = results}
    nodes:
      Start: {type: start, next: Keep}
      Keep: {type: mapping, out: {Mine: = Line.sku}, next: End}
      End: {type: end}
"""
    )
    out = (await app.call("F", _lines(*["1"] * 50)))["Out"]
    assert out["names"] == [f"s{index}" for index in range(50)]


async def test_side_by_side_the_first_error_stops_the_others() -> None:
    """The error names its turn; no task is left over."""
    app = _app(
        """
    each: = In.lines
    item: Line
    at_once: 3
    nodes:
      Start: {type: start, next: Zero?}
      Zero?:
        type: gateway
        links:
          - {when: = Line.price = 0, to: Refuse}
          - {otherwise: true, to: End}
      Refuse: {type: throw, message: no}
      End: {type: end}
"""
    )
    with pytest.raises(NodeError, match='turn 2, throw "Refuse": no'):
        await app.call("F", _lines("1", "0", *["1"] * 30))
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_the_turns_have_a_limit_that_no_catch_takes() -> None:
    """The turn beyond the limit is an error of the execution, also where the loop gathers errors."""
    app = _app(
        "    each: = In.lines\n    item: Line\n    failures: gather\n    catch: [{error: any, to: End}]" + ADDING
    )
    with pytest.raises(LimitExceeded, match="the limit of 2 turns is reached"):
        await app.call("F", _lines("1", "1", "1"), limits=RunLimits(loop_turns=2))


async def test_steps_inside_loops_count_against_the_limit_of_all_steps() -> None:
    """Ten turns of three steps are more than twenty steps in all, though hardly any are outside the loop."""
    app = _app("    each: = In.lines\n    item: Line" + ADDING)
    with pytest.raises(LimitExceeded, match="the limit of 20 steps in all is reached"):
        await app.call("F", _lines(*["1"] * 10), limits=RunLimits(steps=10, total_steps=20))
    assert (await app.call("F", _lines(*["1"] * 10), limits=RunLimits(steps=10)))["Out"]["total"] == 20


async def test_the_trace_keeps_the_first_and_the_last_turns_and_counts_the_rest() -> None:
    """Of a thousand turns ten are shown, and the trace says how many are not."""
    app = _app("    each: = In.lines\n    item: Line" + ADDING)
    await app.call("F", _lines(*["1"] * 1000))
    assert app.run is not None
    (step,) = [step for step in record_execution(app.run, snapshot="", epoch=1).steps if step.node == "Each"]
    assert [turn.name for turn in step.turns] == ["1", "2", "3", "4", "5", "996", "997", "998", "999", "1000"]
    assert step.left_out_turns == 990
    assert [inner.node for inner in step.turns[0].steps] == ["Start", "Add", "End"]


async def test_captured_values_of_turns_are_masked() -> None:
    """A sensitive field of an item is not recorded."""
    app = _app("    each: = In.lines\n    item: Line" + ADDING)
    given = _lines("1")
    given["In"]["lines"][0]["secret"] = "hush"
    await app.call("F", given, capture=True)
    assert app.run is not None
    record = record_execution(app.run, snapshot="", epoch=1)
    assert "hush" not in str(record)
    (step,) = [step for step in record.steps if step.node == "Each"]
    add = step.turns[0].steps[1]
    assert add.inputs["Line"]["sku"] == "s0"
    assert add.inputs["Line"]["secret"] == "***"
    assert add.outputs["Out"]["total"] == 2


async def test_a_long_loop_lets_others_run() -> None:
    """While 60,000 turns are taken, a task that sleeps a millisecond wakes up again and again."""
    app = _app("    each: = In.lines\n    item: Line" + ADDING)
    woken = 0

    async def beside() -> None:
        nonlocal woken
        while True:
            await asyncio.sleep(0.001)
            woken += 1

    task = asyncio.create_task(beside())
    await app.call("F", _lines(*["1"] * 60_000))
    task.cancel()
    assert woken >= 3


APP = """
app: Shop
version: v.0.1.0
data_sources:
  db: {url: "sqlite:///x.db"}
"""
FROM_ROWS = """
microflow: F
inputs: {In: Cart}
outputs: {Out: Sum}
nodes:
  Start: {type: start, next: First}
  First: {type: mapping, out: {Out.total: 0}, next: Each}
  Each:
    type: loop
    from:
      type: database
      source: db
      command: select
      sql: select price from article where price > :least
      columns: {price: decimal}
      in: {least: = count(In.lines)}
    item: Row
    out: {Out.count: = count}
    nodes:
      Start: {type: start, next: Add}
      Add: {type: mapping, out: {Out.total: = Out.total + Row.price}, next: End}
      End: {type: end}
    next: End
  End: {type: end}
"""


async def test_a_loop_takes_the_rows_of_a_source_one_by_one() -> None:
    """The source's values are computed before the first turn; each row is the item of a turn."""
    app = SmallApp(APP, LINE, CART, SUM, FROM_ROWS)

    async def answer() -> list[dict[str, Any]]:
        return [{"price": Decimal(1)}, {"price": Decimal("2.5")}]

    app.sources.answers = {"select price from article where price > :least": answer}
    out = (await app.call("F", _lines("1")))["Out"]
    assert (out["total"], out["count"]) == (Decimal("3.5"), 2)
    assert app.sources.values == [{"least": Decimal(1)}]


async def test_a_source_that_fails_is_an_error_of_the_loop() -> None:
    """The kind is the source's own, so that a catch of the loop may take it."""
    app = SmallApp(APP, LINE, CART, SUM, FROM_ROWS)

    async def answer() -> list[dict[str, Any]]:
        raise NodeError("gone", kind="database")

    app.sources.answers = {"select price from article where price > :least": answer}
    with pytest.raises(NodeError, match='F, loop "Each": gone') as caught:
        await app.call("F", _lines())
    assert caught.value.kind == "database"


async def test_a_source_that_gives_nothing_is_stopped_at_the_deadline() -> None:
    """A select that never answers does not hold a loop beyond the time of the execution."""
    app = SmallApp(APP, LINE, CART, SUM, FROM_ROWS)

    async def answer() -> list[dict[str, Any]]:
        await asyncio.Event().wait()
        return []

    app.sources.answers = {"select price from article where price > :least": answer}
    with pytest.raises(DeadlineExceeded, match="The loop waited for its source"):
        await app.call("F", _lines(), limits=RunLimits(execution_ns=80_000_000))
    assert app.sources.happened[-2:] == ["db: rollback", "db: close"]
