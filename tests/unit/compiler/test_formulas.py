"""Faults of formulas as a flow's author meets them: the whole message, with its place in the file."""

from tests.unit.small_apps import told_of_flow


def test_unknown_field() -> None:
    """A field that the Business Object does not have is told with the nearest one."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: = In.cuont}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F003 Order has no field `cuont`
 --> shop/microflows/F.yaml:7:44
  |
7 |   A: {type: mapping, out: {Out.count: = In.cuont}, next: End}
  |                                            ^^^^^
  = expected: id, count, lines
  = found: cuont
  = help: did you mean `count`?
  = see: docs/reference/errors.md#mf-f003

1 fault.
""".strip("\n")
    )


def test_unknown_name() -> None:
    """A name that is not in scope is told with the nearest one."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: = Inn.count}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F002 there is no `Inn` here
 --> shop/microflows/F.yaml:7:41
  |
7 |   A: {type: mapping, out: {Out.count: = Inn.count}, next: End}
  |                                         ^^^
  = expected: In, Lines, Note, Out, caller
  = found: Inn
  = help: did you mean `In`?
  = see: docs/reference/errors.md#mf-f002

1 fault.
""".strip("\n")
    )


def test_wrong_operand() -> None:
    """A text and a number are not added."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: '= In.id + 1'}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F004 `+` cannot take string and number
 --> shop/microflows/F.yaml:7:39
  |
7 |   A: {type: mapping, out: {Out.id: '= In.id + 1'}, next: End}
  |                                       ^^^^^^^^^
  = expected: string + string
  = found: string and number
  = help: write `string(…)` around the part that is no text
  = see: docs/reference/errors.md#mf-f004

1 fault.
""".strip("\n")
    )


def test_wrong_argument() -> None:
    """An argument of another type is told at the argument."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: = upper case(5)}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F005 `string` of `upper case` has to be string, not number
 --> shop/microflows/F.yaml:7:49
  |
7 |   A: {type: mapping, out: {Out.id: = upper case(5)}, next: End}
  |                                                 ^
  = expected: string
  = found: number
  = see: docs/reference/errors.md#mf-f005

1 fault.
""".strip("\n")
    )


def test_missing_argument() -> None:
    """An argument that is left out is told."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: = substring(In.id)}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F005 `substring` is called `substring(string, start position, [length])`, not with 1 argument
 --> shop/microflows/F.yaml:7:38
  |
7 |   A: {type: mapping, out: {Out.id: = substring(In.id)}, next: End}
  |                                      ^^^^^^^^^^^^^^^^
  = expected: `substring(string, start position, [length])`
  = found: 1 argument
  = see: docs/reference/errors.md#mf-f005

1 fault.
""".strip("\n")
    )


def test_condition_that_is_none() -> None:
    """A link's condition is true, false or null."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {when: = In.id, to: End}
      - {otherwise: true, to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F010 the formula gives string, and boolean? is wanted here
  --> shop/microflows/F.yaml:10:18
   |
10 |       - {when: = In.id, to: End}
   |                  ^^^^^
   = expected: boolean?
   = found: string
   = see: docs/reference/errors.md#mf-f010

1 fault.
""".strip("\n")
    )


def test_condition_inside() -> None:
    """So is a condition inside a formula."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: '= if In.id then "a" else "b"'}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F007 `if` takes a condition, not string
 --> shop/microflows/F.yaml:7:42
  |
7 |   A: {type: mapping, out: {Out.id: '= if In.id then "a" else "b"'}, next: End}
  |                                          ^^^^^
  = expected: boolean
  = found: string
  = help: compare the value with something
  = see: docs/reference/errors.md#mf-f007

1 fault.
""".strip("\n")
    )


def test_list_needed() -> None:
    """A loop goes over a list."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: = sum(for x in In.id return 1)}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F008 a loop goes over a list, not over string
 --> shop/microflows/F.yaml:7:54
  |
7 |   A: {type: mapping, out: {Out.count: = sum(for x in In.id return 1)}, next: End}
  |                                                      ^^^^^
  = expected: [string]
  = found: string
  = help: put square brackets around a single item: `[item]`
  = see: docs/reference/errors.md#mf-f008

1 fault.
""".strip("\n")
    )


def test_never_true() -> None:
    """A comparison of a text with a number can never be true."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {when: '= In.id = 5', to: End}
      - {otherwise: true, to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F009 `=` of string and number can never be true
  --> shop/microflows/F.yaml:10:19
   |
10 |       - {when: '= In.id = 5', to: End}
   |                   ^^^^^^^^^
   = expected: string
   = found: number
   = help: write `number(…)` around the text
   = see: docs/reference/errors.md#mf-f009

1 fault.
""".strip("\n")
    )


def test_wrong_result() -> None:
    """A formula that gives a text does not fill a number."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: = In.id}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F010 the formula gives string, and number? is wanted here
 --> shop/microflows/F.yaml:7:41
  |
7 |   A: {type: mapping, out: {Out.count: = In.id}, next: End}
  |                                         ^^^^^
  = expected: number?
  = found: string
  = see: docs/reference/errors.md#mf-f010

1 fault.
""".strip("\n")
    )


def test_wrong_result_whole() -> None:
    """An order is no list of lines."""
    found = told_of_flow("""
  A: {type: mapping, out: {Lines: = In}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F010 the formula gives Order, and [Line]? is wanted here
 --> shop/microflows/F.yaml:7:37
  |
7 |   A: {type: mapping, out: {Lines: = In}, next: End}
  |                                     ^^
  = expected: [Line]?
  = found: Order
  = see: docs/reference/errors.md#mf-f010

1 fault.
""".strip("\n")
    )


def test_possibly_missing() -> None:
    """A value that may be missing does not fill a required field; the remedy is shown."""
    found = told_of_flow("""
  A:
    type: mapping
    out:
      Note.price: = In.count
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F011 the value may be missing, and number is required here
  --> shop/microflows/F.yaml:10:21
   |
10 |       Note.price: = In.count
   |                     ^^^^^^^^
   = expected: number
   = found: number?
   = help: write `if In.count != null then In.count else …`, or let it be missing where it goes
   = see: docs/reference/errors.md#mf-f011

1 fault.
""".strip("\n")
    )


def test_possibly_missing_row() -> None:
    """A row may be missing, so it does not fill a variable that may not."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: select
    sql: select sku, price from line
    columns: {sku: string, price: decimal}
    out:
      Note: = row
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F011 the value may be missing, and Line is required here
  --> shop/microflows/F.yaml:14:15
   |
14 |       Note: = row
   |               ^^^
   = expected: Line
   = found: context<sku: string, price: number>?
   = help: write `if row != null then row else …`, or let it be missing where it goes
   = see: docs/reference/errors.md#mf-f011

1 fault.
""".strip("\n")
    )


def test_possibly_unassigned() -> None:
    """A variable that no way has filled may be missing."""
    found = told_of_flow("""
  A:
    type: mapping
    out: {Out.id: = Note.sku}
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F011 `Note` may be missing, so the formula may give null, and string is required here
 --> shop/microflows/F.yaml:9:21
  |
9 |     out: {Out.id: = Note.sku}
  |                     ^^^^^^^^
  = expected: string
  = found: string?
  = help: write `if Note != null then Note.sku else …`, or let it be missing where it goes
  = see: docs/reference/errors.md#mf-f011

1 fault.
""".strip("\n")
    )


def test_vendor() -> None:
    """The spelling of other languages is told with the right one."""
    found = told_of_flow("""
  A:
    type: gateway
    links:
      - {when: '= In.id == "a" && In.count > 1', to: End}
      - {otherwise: true, to: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F012 `==` is not FEEL
  --> shop/microflows/F.yaml:10:25
   |
10 |       - {when: '= In.id == "a" && In.count > 1', to: End}
   |                         ^^
   = expected: =
   = found: ==
   = help: write `=`
   = see: docs/reference/errors.md#mf-f012

MF-F012 `&&` is not FEEL
  --> shop/microflows/F.yaml:10:32
   |
10 |       - {when: '= In.id == "a" && In.count > 1', to: End}
   |                                ^^
   = expected: and
   = found: &&
   = help: write `and`
   = see: docs/reference/errors.md#mf-f012

2 faults.
""".strip("\n")
    )


def test_in_a_block() -> None:
    """A fault in a block of several lines is told in its own line."""
    found = told_of_flow("""
  A:
    type: mapping
    out:
      Out.count: |
        = if In.count = null
        then 0
        else In.cuont
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F003 Order has no field `cuont`
  --> shop/microflows/F.yaml:13:17
   |
13 |         else In.cuont
   |                 ^^^^^
   = expected: id, count, lines
   = found: cuont
   = help: did you mean `count`?
   = see: docs/reference/errors.md#mf-f003

1 fault.
""".strip("\n")
    )


def test_folded() -> None:
    """So in a folded block."""
    found = told_of_flow("""
  A:
    type: mapping
    out:
      Out.count: >
        = 1 +
          In.cuont
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F003 Order has no field `cuont`
  --> shop/microflows/F.yaml:12:14
   |
12 |           In.cuont
   |              ^^^^^
   = expected: id, count, lines
   = found: cuont
   = help: did you mean `count`?
   = see: docs/reference/errors.md#mf-f003

1 fault.
""".strip("\n")
    )


def test_quoted() -> None:
    """Escapes before the place do not move it."""
    found = told_of_flow(r"""
  A:
    type: mapping
    out: {Out.id: "= \"ก\" + In.idd"}
    next: End
""")
    assert (
        found.strip("\n")
        == r"""
MF-F003 Order has no field `idd`
 --> shop/microflows/F.yaml:9:33
  |
9 |     out: {Out.id: "= \"ก\" + In.idd"}
  |                                 ^^^
  = expected: id, count, lines
  = found: idd
  = help: did you mean `id`?
  = see: docs/reference/errors.md#mf-f003

1 fault.
""".strip("\n")
    )


def test_in_catch() -> None:
    """A catch sees `error` with its fields."""
    found = told_of_flow("""
  A:
    type: database
    source: orders
    command: delete
    sql: delete from x
    catch:
      - error: any
        out: {Out.id: = error.mesage}
        to: End
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F003 Error has no field `mesage`
  --> shop/microflows/F.yaml:14:31
   |
14 |         out: {Out.id: = error.mesage}
   |                               ^^^^^^
   = expected: kind, code, message, node, data
   = found: mesage
   = help: did you mean `message`?
   = see: docs/reference/errors.md#mf-f003

1 fault.
""".strip("\n")
    )


def test_error_outside() -> None:
    """Outside of a catch there is no `error`."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.id: = error.message}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-F002 there is no `error` here
 --> shop/microflows/F.yaml:7:38
  |
7 |   A: {type: mapping, out: {Out.id: = error.message}, next: End}
  |                                      ^^^^^
  = expected: In, Lines, Note, Out, caller
  = found: error
  = see: docs/reference/errors.md#mf-f002

1 fault.
""".strip("\n")
    )


def test_in_sub_flow_input() -> None:
    """An input of a sub flow has the callee's type."""
    found = told_of_flow("""
  A: {type: sub flow, flow: F, in: {In: = In.lines}, next: End, recursive: true}
""")
    assert (
        found.strip("\n")
        == """
MF-F010 the formula gives [Line], and Order is wanted here
 --> shop/microflows/F.yaml:7:43
  |
7 |   A: {type: sub flow, flow: F, in: {In: = In.lines}, next: End, recursive: true}
  |                                           ^^^^^^^^
  = expected: Order
  = found: [Line]
  = help: take one item of the list, as in `list[1]`
  = see: docs/reference/errors.md#mf-f010

1 fault.
""".strip("\n")
    )


def test_in_throw() -> None:
    """A message is a text."""
    found = told_of_flow(
        """
  A: {type: throw, message: '= In.count'}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-F010 the formula gives number?, and string is wanted here
 --> shop/microflows/F.yaml:7:32
  |
7 |   A: {type: throw, message: '= In.count'}
  |                                ^^^^^^^^
  = expected: string
  = found: number?
  = see: docs/reference/errors.md#mf-f010

1 fault.
""".strip("\n")
    )


def test_two_at_once() -> None:
    """All faults of a flow are told at once."""
    found = told_of_flow("""
  A:
    type: mapping
    out:
      Out.id: = In.idd
      Out.count: = In.cuont
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-F003 Order has no field `idd`
  --> shop/microflows/F.yaml:10:20
   |
10 |       Out.id: = In.idd
   |                    ^^^
   = expected: id, count, lines
   = found: idd
   = help: did you mean `id`?
   = see: docs/reference/errors.md#mf-f003

MF-F003 Order has no field `cuont`
  --> shop/microflows/F.yaml:11:23
   |
11 |       Out.count: = In.cuont
   |                       ^^^^^
   = expected: id, count, lines
   = found: cuont
   = help: did you mean `count`?
   = see: docs/reference/errors.md#mf-f003

2 faults.
""".strip("\n")
    )
