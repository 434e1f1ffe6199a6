"""Settings of nodes: unknown, missing and wrong ones."""

from tests.unit.small_apps import told_of_flow


def test_an_unknown_setting() -> None:
    """A key that neither the kind of node nor every node has is told with the nearest one."""
    found = told_of_flow(
        """
  A: {type: throw, mesage: x, message: y}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-D057 A throw node has no setting "mesage".
 --> shop/microflows/F.yaml:7:20
  |
7 |   A: {type: throw, mesage: x, message: y}
  |                    ^^^^^^
  = help: did you mean "message"?
  = see: docs/reference/errors.md#mf-d057

1 fault.
""".strip("\n")
    )


def test_a_missing_setting() -> None:
    """A setting that the kind needs is told with what to add."""
    found = told_of_flow(
        """
  A: {type: throw}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-D058 The throw node "A" needs the setting "message".
 --> shop/microflows/F.yaml:7:3
  |
7 |   A: {type: throw}
  |   ^
  = help: add `message: …`
  = see: docs/reference/errors.md#mf-d058

1 fault.
""".strip("\n")
    )


def test_a_setting_outside_its_words() -> None:
    """A word that the setting does not take is told with those that it takes."""
    found = told_of_flow("""
  A: {type: database, source: orders, command: unite, sql: select 1, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D059 The setting "command" does not fit: Invalid enum value 'unite'.
 --> shop/microflows/F.yaml:7:48
  |
7 |   A: {type: database, source: orders, command: unite, sql: select 1, next: End}
  |                                                ^^^^^
  = help: it is one of select, insert, update, delete, merge, call
  = see: docs/reference/errors.md#mf-d059

1 fault.
""".strip("\n")
    )


def test_a_setting_of_another_type() -> None:
    """A number where text is wanted is told with both."""
    found = told_of_flow(
        """
  A: {type: throw, message: 5}
""",
        end="",
    )
    assert (
        found.strip("\n")
        == """
MF-D059 The setting "message" does not fit: Expected `str`, got `int`.
 --> shop/microflows/F.yaml:7:29
  |
7 |   A: {type: throw, message: 5}
  |                             ^
  = see: docs/reference/errors.md#mf-d059

1 fault.
""".strip("\n")
    )
