"""What is told of mappings before they run."""

from tests.unit.small_apps import told_of_flow


def test_a_literal_that_does_not_fit() -> None:
    """A text for a whole number is told with what was expected and found."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: seven}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D061 The value does not fit: expected integer, found text "seven".
 --> shop/microflows/F.yaml:7:39
  |
7 |   A: {type: mapping, out: {Out.count: seven}, next: End}
  |                                       ^^^^^
  = expected: integer
  = found: text "seven"
  = see: docs/reference/errors.md#mf-d061

1 fault.
""".strip("\n")
    )


def test_a_fraction_for_a_whole_number() -> None:
    """So is a fraction."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.count: 7.5}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D061 The value does not fit: expected integer, found number 7.5.
 --> shop/microflows/F.yaml:7:39
  |
7 |   A: {type: mapping, out: {Out.count: 7.5}, next: End}
  |                                       ^^^
  = expected: integer
  = found: number 7.5
  = see: docs/reference/errors.md#mf-d061

1 fault.
""".strip("\n")
    )


def test_an_unknown_variable() -> None:
    """A left side that begins with no variable is told with the nearest one."""
    found = told_of_flow("""
  A: {type: mapping, out: {Ou.id: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D062 There is no variable or output "Ou".
 --> shop/microflows/F.yaml:7:28
  |
7 |   A: {type: mapping, out: {Ou.id: x}, next: End}
  |                            ^^^^^
  = help: did you mean "Out"?
  = see: docs/reference/errors.md#mf-d062

1 fault.
""".strip("\n")
    )


def test_the_caller_cannot_be_written() -> None:
    """`caller` can be read and not written."""
    found = told_of_flow("""
  A: {type: mapping, out: {caller.username: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D062 "caller" cannot be written.
 --> shop/microflows/F.yaml:7:28
  |
7 |   A: {type: mapping, out: {caller.username: x}, next: End}
  |                            ^^^^^^^^^^^^^^^
  = see: docs/reference/errors.md#mf-d062

1 fault.
""".strip("\n")
    )


def test_an_unknown_field() -> None:
    """A field that the Business Object does not have is told with the nearest one."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out.cuont: 7}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D063 Order has no field "cuont".
 --> shop/microflows/F.yaml:7:28
  |
7 |   A: {type: mapping, out: {Out.cuont: 7}, next: End}
  |                            ^^^^^^^^^
  = help: did you mean "count"?
  = see: docs/reference/errors.md#mf-d063

1 fault.
""".strip("\n")
    )


def test_a_field_that_is_like_no_other() -> None:
    """When no field is near, all are told."""
    found = told_of_flow("""
  A: {type: mapping, out: {Note.colour: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D063 Line has no field "colour".
 --> shop/microflows/F.yaml:7:28
  |
7 |   A: {type: mapping, out: {Note.colour: x}, next: End}
  |                            ^^^^^^^^^^^
  = help: its fields are sku, price
  = see: docs/reference/errors.md#mf-d063

1 fault.
""".strip("\n")
    )


def test_a_path_into_a_list() -> None:
    """A path does not go into a list."""
    found = told_of_flow("""
  A: {type: mapping, out: {Lines.sku: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D063 "Lines.sku" reaches into a value of type [Line], which has no fields.
 --> shop/microflows/F.yaml:7:28
  |
7 |   A: {type: mapping, out: {Lines.sku: x}, next: End}
  |                            ^^^^^^^^^
  = see: docs/reference/errors.md#mf-d063

1 fault.
""".strip("\n")
    )


def test_a_value_and_a_part_of_it() -> None:
    """Two lines that write the same place are told at the second."""
    found = told_of_flow("""
  A: {type: mapping, out: {Out: = In, Out.id: x}, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D064 The mapping writes both "Out" and "Out.id".
 --> shop/microflows/F.yaml:7:39
  |
7 |   A: {type: mapping, out: {Out: = In, Out.id: x}, next: End}
  |                                       ^^^^^^
  = help: keep one of them
  = see: docs/reference/errors.md#mf-d064

1 fault.
""".strip("\n")
    )
