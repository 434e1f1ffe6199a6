"""`database`: what is told of it."""

from tests.unit.small_apps import told_of_flow


def test_an_unknown_source() -> None:
    """A data source that the app does not have is told with the nearest one."""
    found = told_of_flow("""
  A: {type: database, source: order, command: delete, sql: delete from x, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D076 The application has no data source "order".
 --> shop/microflows/F.yaml:7:31
  |
7 |   A: {type: database, source: order, command: delete, sql: delete from x, next: End}
  |                               ^^^^^
  = help: did you mean "orders"?
  = see: docs/reference/errors.md#mf-d076

1 fault.
""".strip("\n")
    )


def test_computed_sql() -> None:
    """SQL is constant."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: select
    sql: '= "select " + In.id'
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D077 The SQL text is constant; values come in by `:name`.
  --> shop/microflows/F.yaml:11:10
   |
11 |     sql: '= "select " + In.id'
   |          ^^^^^^^^^^^^^^^^^^^^^
   = help: write the SQL without `=`
   = see: docs/reference/errors.md#mf-d077

1 fault.
""".strip("\n")
    )


def test_another_statement() -> None:
    """The statement is of the command's kind, whatever comments stand before it."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: select
    sql: |
      -- all of them
      /* really */
      drop table x
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D078 The command is select and the statement begins with "drop".
  --> shop/microflows/F.yaml:11:10
   |
11 |     sql: |
   |          ^
   = help: begin it with select, with, values
   = see: docs/reference/errors.md#mf-d078

1 fault.
""".strip("\n")
    )


def test_a_parameter_without_value() -> None:
    """A parameter that `in` does not give is told with what to add."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: select
    sql: select x from y where id = :id
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D079 The SQL parameter `:id` has no value.
  --> shop/microflows/F.yaml:11:10
   |
11 |     sql: select x from y where id = :id
   |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: add `in: {id: = …}`
   = see: docs/reference/errors.md#mf-d079

1 fault.
""".strip("\n")
    )


def test_a_value_without_parameter() -> None:
    """A value that the SQL does not take is told with the nearest parameter."""
    found = told_of_flow("""
  A: {type: database, source: orders, command: delete, sql: delete from x where id = :order_id, in: {order_id: = In.id, orderid: = In.id}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D065 The statement has no parameter `:orderid`.
 --> shop/microflows/F.yaml:7:121
  |
7 | …mmand: delete, sql: delete from x where id = :order_id, in: {order_id: = In.id, orderid: = In.id}, next: End}
  |                                                                                  ^^^^^^^
  = help: did you mean "order_id"?
  = see: docs/reference/errors.md#mf-d065

1 fault.
""".strip("\n")
    )


def test_an_unknown_type_of_a_column() -> None:
    """A column has a simple type."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: select
    sql: select x from y
    columns: {x: decmal}
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D067 There is no simple type "decmal".
  --> shop/microflows/F.yaml:12:18
   |
12 |     columns: {x: decmal}
   |                  ^^^^^^
   = help: did you mean "decimal"?
   = see: docs/reference/errors.md#mf-d067

1 fault.
""".strip("\n")
    )


def _first_line(keys: str) -> str:
    found = told_of_flow(f"""
  A:
    type: database
    source: orders
{keys}
    next: End
""")
    return found.strip("\n").partition("\n")[0]


def test_a_batch_is_of_a_write_and_a_list() -> None:
    """A select takes none; text is none; a formula that gives another type is none."""
    select = "    command: select\n    sql: select :sku\n    batch: = In.lines"
    assert _first_line(select) == "MF-D130 A select takes no batch."
    write = "    command: delete\n    sql: delete from x where y = :item\n    batch: "
    assert _first_line(write + "Lines") == "MF-D131 A batch is a formula that gives a list."
    assert _first_line(write + "= In.id") == "MF-D131 A batch is a formula that gives a list; this gives string."


def test_a_batch_without_a_field() -> None:
    """A parameter is a field of the items or stands in `in`; the nearest field is told."""
    keys = "    command: delete\n    sql: delete from x where y = :sqku\n    batch: = In.lines"
    found = told_of_flow(f"""
  A:
    type: database
    source: orders
{keys}
    next: End
""")
    assert "MF-D079 The SQL parameter `:sqku` has no value." in found
    assert 'did you mean "sku"?' in found


def test_two_statements() -> None:
    """A node runs one; a semicolon at the end is none."""
    two = "    command: delete\n    sql: delete from x; delete from y"
    assert _first_line(two) == "MF-D132 A node runs one statement."
    assert _first_line("    command: delete\n    sql: delete from x;") == "No faults."


def test_special_parameters() -> None:
    """They are parameters of the statement, and `json` or `base64`."""
    keys = "    command: delete\n    sql: delete from x where y = :a\n    in: {a: = In.id}\n    parameters: "
    assert _first_line(keys + "{b: json}") == "MF-D065 The statement has no parameter `:b`."
    assert _first_line(keys + "{a: xml}").startswith('MF-D059 The setting "parameters" does not fit')
    assert _first_line(keys + "{a: json}") == "No faults."


def test_a_list_in_the_parentheses_of_in() -> None:
    """It would be one value there; the fault says how each database takes a list."""
    for sql in ("select x from t where a in (:ids)", "select x from t where a NOT IN ( 1, :ids )"):
        found = told_of_flow(f"""
  A:
    type: database
    source: orders
    command: select
    sql: {sql}
    in: {{ids: '= ["a"]'}}
    next: End
""")
        assert "MF-D134 `in (:ids)` takes single values, and `:ids` is a list." in found
        assert "= help: write `" in found
    for sql in (
        "select x from t where a = any(:ids)",
        "select x from t where a in (select b from c where d = any(:ids))",
    ):
        assert "MF-D134" not in told_of_flow(f"""
  A:
    type: database
    source: orders
    command: select
    sql: {sql}
    in: {{ids: '= ["a"]'}}
    next: End
""")
