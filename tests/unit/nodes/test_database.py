"""`database` as it runs: parameters, rows, declared columns, rights."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import ANYBODY, LINE, ORDER, FakeSources, SmallApp

from microflow_runtime.engine import RunLimits
from microflow_runtime.errors import NodeError
from microflow_runtime.model.principal import Principal


def _app(keys: str, rows: list[dict[str, Any]] | None = None, *, variables: str = "{Lines: [Line]}") -> SmallApp:
    app = SmallApp(
        ORDER,
        LINE,
        f"""
microflow: F
inputs: {{In: Order}}
outputs: {{Out: Order}}
variables: {variables}
nodes:
  Start: {{type: start, next: Ask}}
  Ask:
    type: database
    source: orders
    command: select
    sql: select x
{keys}
    next: End
  End: {{type: end}}
""",
    )

    async def answer() -> list[dict[str, Any]]:
        return rows or []

    app.sources.answers["select x"] = answer
    return app


GIVEN = {"In": {"id": "a"}}


async def test_values_are_bound_never_written() -> None:
    """What a caller sends reaches the driver as a value beside the statement; literals are numbers of formulas."""
    sources = FakeSources()
    app = SmallApp(
        ORDER,
        LINE,
        """
microflow: F
inputs: {In: Order}
nodes:
  Start: {type: start, next: Ask}
  Ask:
    type: database
    source: orders
    command: select
    sql: "select x where a = :a and b = :b_2 and c = :a and d = '12:30' and e::text = :e"
    in: {a: = In.id, b_2: 5, e: null}
    next: End
  End: {type: end}
""".replace(", e: null", ", e: = null"),
        sources=sources,
    )
    await app.call("F", {"In": {"id": "'; drop table x; --"}})
    assert sources.values == [{"a": "'; drop table x; --", "b_2": Decimal(5), "e": None}]
    assert sources.happened[1].endswith("e::text = :e")


async def test_rows_are_converted_into_their_business_objects() -> None:
    """Columns go to fields by name, other columns stay behind, a whole number in a decimal is one."""
    rows = [{"price": Decimal(2), "sku": "a", "other": "x"}, {"price": Decimal("2.50"), "sku": "b", "other": None}]
    app = _app("    out: {Out.id: = In.id, Out.lines: = rows, Out.count: = count}", rows)
    assert (await app.text("F", GIVEN)) == (
        '{"Out":{"id":"a","count":2,"lines":[{"sku":"a","price":2},{"sku":"b","price":2.50}]}}'
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"sku": "a"}, r"Out\.lines\[0\]\.price: expected a value, found nothing"),
        ({"sku": "a", "price": "2.50"}, r'Out\.lines\[0\]\.price: expected decimal, found text "2\.50"'),
        ({"sku": Decimal(1), "price": Decimal(1)}, r"Out\.lines\[0\]\.sku: expected text, found number 1"),
    ],
)
async def test_rows_that_do_not_fit_are_told(row: dict[str, Any], sentence: str) -> None:
    """A row never gets into a list of another type unseen."""
    with pytest.raises(NodeError, match=sentence) as caught:
        await _app("    out: {Out.lines: = rows}", [row]).call("F", GIVEN)
    assert caught.value.kind == "mapping"


async def test_declared_columns_are_read_from_text() -> None:
    """Money in text becomes a number with its digits; a column with `?` may be null."""
    keys = "    columns: {price: decimal, sku: string, size: integer?}\n    out: {Out.id: = In.id, Out.lines: = rows, Out.count: = row.size}"
    rows: list[dict[str, Any]] = [{"price": "2.50", "sku": "a", "size": "7"}]
    assert (await _app(keys, rows).text("F", GIVEN)) == (
        '{"Out":{"id":"a","count":7,"lines":[{"sku":"a","price":2.50}]}}'
    )
    rows = [{"price": "2.50", "sku": "a", "size": None}]
    assert '"count":null' in await _app(keys, rows).text("F", GIVEN)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"price": "two"}, r'rows\[0\]\.price: expected decimal, found text "two"'),
        ({"price": "NaN"}, r"rows\[0\]\.price: expected decimal"),
        ({"price": "Infinity"}, r"rows\[0\]\.price: expected decimal"),
        ({"price": "1e999999999"}, r"rows\[0\]\.price: expected decimal"),
        ({"price": None}, r"rows\[0\]\.price: expected a value \(the column is declared `decimal`, not `decimal\?`\)"),
        ({"cost": "1"}, 'gave no column "price", which `columns` declares'),
    ],
)
async def test_a_column_that_is_not_as_declared_is_told(row: dict[str, Any], sentence: str) -> None:
    """What the database gives is checked against `columns`, with row and column in the sentence."""
    with pytest.raises(NodeError, match=sentence) as caught:
        await _app("    columns: {price: decimal}", [row]).call("F", GIVEN)
    assert caught.value.kind == "database"


async def test_what_the_node_gives_is_apart_from_variables() -> None:
    """Variables called `rows` and `count` keep their values."""
    app = _app(
        "    out: {Out.id: = In.id, Out.lines: = rows}",
        [{"sku": "a", "price": Decimal(1)}],
        variables="{rows: [Line], count: integer?}",
    )
    await app.call("F", GIVEN)
    assert app.run is not None
    slots = app.run.plan.slots
    assert (app.run.frame[slots["rows"]], app.run.frame[slots["count"]]) == ([], None)


async def test_the_right_to_a_data_source_is_asked() -> None:
    """Who may execute the flow and not use the source gets nothing out of it."""
    app = _app("")
    who = Principal(username="clerk", grants=ANYBODY.grants - {("data_source", "*", "use")})
    with pytest.raises(NodeError, match='"clerk" may not use the data source "orders"') as caught:
        await app.call("F", GIVEN, principal=who)
    assert caught.value.kind == "permission"
    assert app.sources.happened == []


@pytest.mark.parametrize(
    ("keys", "alone"), [("", False), ("    catch: [{error: any, to: End}]", True), ("    retry: {times: 1}", True)]
)
async def test_a_node_that_may_go_on_undoes_its_statement_alone(keys: str, alone: bool) -> None:
    """With a catch or tries the statement has a savepoint; the limit of rows goes along."""
    app = _app(keys)
    await app.call("F", GIVEN, limits=RunLimits(rows=17))
    assert app.sources.options == [(17, alone)]


# Batches

BATCH = """
microflow: F
inputs: {In: Order}
outputs: {Out: Order}
nodes:
  Start: {type: start, next: Write}
  Write:
    type: database
    source: orders
    command: insert
    sql: insert into line (order_id, sku, price) values (:id, :sku, :price)
    batch: = In.lines
    in: {id: = In.id}
    out: {Out.id: = In.id, Out.count: = count}
    next: End
  End: {type: end}
"""


async def test_a_batch_binds_the_fields_of_each_item() -> None:
    """What `in` gives is the same for all items, the rest are their fields; the count goes out."""
    app = SmallApp(ORDER, LINE, BATCH)
    lines = [{"sku": "a", "price": Decimal("1.50")}, {"sku": "b", "price": 2}]
    assert (await app.text("F", {"In": {"id": "x", "lines": lines}})) == '{"Out":{"id":"x","count":2,"lines":[]}}'
    assert app.sources.values == [
        {"id": "x", "sku": "a", "price": Decimal("1.50")},
        {"id": "x", "sku": "b", "price": Decimal(2)},
    ]
    assert app.sources.options == [(2, False)]


async def test_a_batch_of_nothing_asks_nobody() -> None:
    """An empty list needs no connection and counts nothing."""
    app = SmallApp(ORDER, LINE, BATCH)
    assert '"count":0' in await app.text("F", {"In": {"id": "x"}})
    assert app.sources.happened == []


async def test_items_that_are_no_contexts_are_called_item() -> None:
    """A list of texts has no fields; `:item` stands for each of them."""
    keys = {
        "sql: insert into line (order_id, sku, price) values (:id, :sku, :price)": "sql: delete from line where sku = :item",
        "command: insert": "command: delete",
        "batch: = In.lines": "batch: = In.lines.sku",
        "    in: {id: = In.id}\n": "",
    }
    text = BATCH
    for old, new in keys.items():
        text = text.replace(old, new)
    app = SmallApp(ORDER, LINE, text)
    lines = [{"sku": "a", "price": 1}, {"sku": "b", "price": 2}]
    await app.call("F", {"In": {"id": "x", "lines": lines}})
    assert app.sources.values == [{"item": "a"}, {"item": "b"}]


async def test_an_item_without_a_field_is_told() -> None:
    """Where the type of the items is not known before, a missing field is an error of the node."""
    text = BATCH.replace("batch: = In.lines", "batch: '= [{sku: In.id}, {sku: In.id, price: 1}]'")
    text = text.replace("values (:id, :sku, :price)", "values (:id, :sku, :price)")
    app = SmallApp(ORDER, LINE, text)
    with pytest.raises(NodeError, match='item 0 of the batch has no field "price"') as caught:
        await app.call("F", {"In": {"id": "x"}})
    assert caught.value.kind == "mapping"


async def test_the_right_is_asked_before_a_batch() -> None:
    """A batch needs the same right as a statement."""
    app = SmallApp(ORDER, LINE, BATCH)
    who = Principal(username="clerk", grants=ANYBODY.grants - {("data_source", "*", "use")})
    with pytest.raises(NodeError, match="may not use the data source"):
        await app.call("F", {"In": {"id": "x", "lines": [{"sku": "a", "price": 1}]}}, principal=who)


async def test_special_columns_are_left_to_the_connection() -> None:
    """What is declared `json` comes as a value; the node only sees to it that it is there where it has to be."""
    keys = "    columns: {doc: json, photo: base64?, price: decimal}\n    out: {Out.id: = row.doc.a, Out.count: = row.price}"
    rows: list[dict[str, Any]] = [{"doc": {"a": "x"}, "photo": None, "price": "1"}]
    assert '"id":"x","count":1' in await _app(keys, rows).text("F", GIVEN)
    with pytest.raises(NodeError, match=r"rows\[0\]\.doc: expected a value"):
        await _app(keys, [{"doc": None, "photo": None, "price": "1"}]).call("F", GIVEN)


async def test_names_that_are_read_go_with_the_statement() -> None:
    """Formulas that read a column by name, in a path, a filter or a loop of theirs, and Business Objects that take a row whole."""
    app = _app(
        """    out:
      Out.id: '= if count(rows[Total > 1]) > 0 then row.Name else (for r in rows return r.Code)[1]'
      Lines: = rows
    columns: {declared: string}"""
    )
    with suppress(NodeError):
        await app.call("F", GIVEN)
    (statement,) = app.sources.statements
    assert statement.read == {"Total", "Name", "Code"}
    assert statement.taken == {"declared", "sku", "price"}


async def test_a_list_where_one_value_belongs() -> None:
    """A list whose type nobody knew before is refused, not compared as a text."""
    app = SmallApp(
        ORDER,
        LINE,
        """
microflow: F
inputs: {In: Order}
nodes:
  Start: {type: start, next: Ask}
  Ask:
    type: database
    source: orders
    command: select
    sql: select x where a in (1, :ids)
    in: {ids: '= get value({a: [1]}, "a")'}
    next: End
  End: {type: end}
""",
    )
    with pytest.raises(NodeError, match=r"`in \(:ids\)` takes single values, not a list"):
        await app.call("F", GIVEN)
