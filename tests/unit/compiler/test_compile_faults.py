"""What is told of kinds, types and keys of nodes."""

import pytest
from tests.unit.small_apps import LINE, ORDER, faults_of, told, told_of_flow

from microflow_runtime.nodes import NODE_TYPES


def test_an_unknown_kind() -> None:
    """A kind that is nearly one is told with the nearest."""
    found = told_of_flow("""
  A: {type: mappping, next: End}
""")
    assert (
        found.strip("\n")
        == """
MF-D050 There is no kind of node "mappping".
 --> shop/microflows/F.yaml:7:13
  |
7 |   A: {type: mappping, next: End}
  |             ^^^^^^^^
  = help: did you mean "mapping"?
  = see: docs/reference/errors.md#mf-d050

1 fault.
""".strip("\n")
    )


def test_a_kind_that_is_like_no_other() -> None:
    """When no kind is near, all are told."""
    found = told_of_flow("""
  A: {type: qqqq, next: End}
""")
    assert (
        found.strip("\n")
        == f"""
MF-D050 There is no kind of node "qqqq".
 --> shop/microflows/F.yaml:7:13
  |
7 |   A: {{type: qqqq, next: End}}
  |             ^^^^
  = help: the kinds are {", ".join(sorted(NODE_TYPES))}
  = see: docs/reference/errors.md#mf-d050

1 fault.
""".strip("\n")
    )


def test_a_mapping_takes_no_timeout() -> None:
    """A node that does not wait takes no time limit."""
    found = told_of_flow("""
  A:
    type: mapping
    out: {Out.id: x}
    timeout: 2s
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D068 A mapping node does not wait, so it takes no `timeout`.
  --> shop/microflows/F.yaml:10:5
   |
10 |     timeout: 2s
   |     ^^^^^^^
   = see: docs/reference/errors.md#mf-d068

1 fault.
""".strip("\n")
    )


def test_a_mapping_takes_no_retry() -> None:
    """Nor does it take tries."""
    found = told_of_flow("""
  A:
    type: mapping
    out: {Out.id: x}
    retry: {times: 2}
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D068 A mapping node does not wait, so it takes no `retry`.
  --> shop/microflows/F.yaml:10:5
   |
10 |     retry: {times: 2}
   |     ^^^^^
   = see: docs/reference/errors.md#mf-d068

1 fault.
""".strip("\n")
    )


def test_a_mapping_takes_no_catch_on_time() -> None:
    """Nor a catch on time."""
    found = told_of_flow("""
  A:
    type: mapping
    out: {Out.id: x}
    catch: [{after: 2s, to: End}]
    next: End
""")
    assert (
        found.strip("\n")
        == """
MF-D068 A mapping node does not wait, so it takes no catch on time.
  --> shop/microflows/F.yaml:10:13
   |
10 |     catch: [{after: 2s, to: End}]
   |             ^
   = see: docs/reference/errors.md#mf-d068

1 fault.
""".strip("\n")
    )


def test_an_unknown_type() -> None:
    """A parameter of a type that does not exist is told with the nearest name of all Business Objects of the app."""
    found = told(
        ORDER,
        LINE,
        """
microflow: F
inputs: {In: Ordr}
nodes:
  Start: {type: start, next: End}
  End: {type: end}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D067 There is no Business Object "Ordr".
 --> shop/microflows/F.yaml:2:14
  |
2 | inputs: {In: Ordr}
  |              ^^^^
  = help: did you mean "Order"?
  = see: docs/reference/errors.md#mf-d067

1 fault.
""".strip("\n")
    )


def test_an_unknown_type_of_a_field() -> None:
    """A field of a type that does not exist is told with the nearest name."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  n: {type: Lien}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D067 There is no Business Object "Lien".
 --> shop/business_objects/Limited.yaml:3:6
  |
3 |   n: {type: Lien}
  |      ^
  = help: did you mean "Line"?
  = see: docs/reference/errors.md#mf-d067

1 fault.
""".strip("\n")
    )


def test_a_default_outside_its_bounds() -> None:
    """A default over `max` is told at the default."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  rate: {type: decimal, min: 0, max: 1, default: 2}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D069 The default does not fit: Limited.rate: expected at most 1, found number 2.
 --> shop/business_objects/Limited.yaml:3:50
  |
3 |   rate: {type: decimal, min: 0, max: 1, default: 2}
  |                                                  ^
  = expected: at most 1
  = found: number 2
  = see: docs/reference/errors.md#mf-d069

1 fault.
""".strip("\n")
    )


def test_a_default_that_is_too_long() -> None:
    """So is one that is too long."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  code: {type: string, max_length: 3, default: ABCD}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D069 The default does not fit: Limited.code: expected at most 3 characters, found 4.
 --> shop/business_objects/Limited.yaml:3:48
  |
3 |   code: {type: string, max_length: 3, default: ABCD}
  |                                                ^^^^
  = expected: at most 3 characters
  = found: 4
  = see: docs/reference/errors.md#mf-d069

1 fault.
""".strip("\n")
    )


def test_a_default_of_another_form() -> None:
    """So is one that does not have the form of the pattern."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  code: {type: string, pattern: '[A-Z]{3}', default: abc}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D069 The default does not fit: Limited.code: expected text of the form [A-Z]{3}, found text "abc".
 --> shop/business_objects/Limited.yaml:3:54
  |
3 |   code: {type: string, pattern: '[A-Z]{3}', default: abc}
  |                                                      ^^^
  = expected: text of the form [A-Z]{3}
  = found: text "abc"
  = see: docs/reference/errors.md#mf-d069

1 fault.
""".strip("\n")
    )


def test_a_default_whose_inside_does_not_fit() -> None:
    """A default of a Business Object is checked inside, whatever the order of the classes."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  line: {type: Line, default: {sku: 5, price: 1}}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D069 The default does not fit: Limited.line.sku: expected text, found number 5.
 --> shop/business_objects/Limited.yaml:3:31
  |
3 |   line: {type: Line, default: {sku: 5, price: 1}}
  |                               ^
  = expected: text
  = found: number 5
  = see: docs/reference/errors.md#mf-d069

1 fault.
""".strip("\n")
    )


def test_a_default_whose_items_do_not_fit() -> None:
    """A constraint of a list holds for each item."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  n: {type: [integer], min: 1, default: [0]}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-D069 The default does not fit: Limited.n[0]: expected at least 1, found number 0.
 --> shop/business_objects/Limited.yaml:3:41
  |
3 |   n: {type: [integer], min: 1, default: [0]}
  |                                         ^
  = expected: at least 1
  = found: number 0
  = see: docs/reference/errors.md#mf-d069

1 fault.
""".strip("\n")
    )


def test_a_pattern_that_is_none() -> None:
    """A pattern that cannot be read is told at the pattern, with the reason."""
    found = told(
        LINE,
        """
business_object: Limited
fields:
  code: {type: string, pattern: '[A-Z'}
""",
    )
    assert (
        found.strip("\n")
        == """
MF-F014 The pattern '[A-Z' is wrong at character 4: a square bracket is not closed.
 --> shop/business_objects/Limited.yaml:3:33
  |
3 |   code: {type: string, pattern: '[A-Z'}
  |                                 ^^^^^^
  = see: docs/reference/errors.md#mf-f014

1 fault.
""".strip("\n")
    )


@pytest.mark.parametrize(
    ("fields", "rings"),
    [
        ("{me: A}", ["A → A"]),
        ("{b: B}", ["A → B → A", "B → A → B"]),
        ("{me: A?}", []),
        ("{me: [A]}", []),
        ("{b: B?}", []),
        ("{c: C}", ["A → C → B → A", "B → A → C → B", "C → B → A → C"]),
        ("{b: {type: B, default: {a: null}}}", None),
    ],
)
def test_a_business_object_that_requires_itself(fields: str, rings: list[str] | None) -> None:
    """There can be no value of it, which is told of each of the ring; what may be missing, and a list, ends a ring."""
    found = faults_of(
        f"business_object: A\nfields: {fields}",
        "business_object: B\nfields: {a: A}",
        "business_object: C\nfields: {b: B}",
    )
    told = [fault.message.split(": ")[1].split(".")[0] for fault in found if fault.code == "MF-D066"]
    if rings is None:
        assert not told
    else:
        assert told == rings
        assert len(found) == len(told)


def test_nothing_follows_from_one_fault() -> None:
    """What stands behind a fault is not told as missing, unknown or odd."""
    parts = {
        "a condition": """
  A: {type: gateway, links: [{when: = In.cuont = null, to: B}, {otherwise: true, to: C}]}
  B: {type: throw, message: no}
  C: {type: mapping, out: {N.n: = In.count, N.m: = In.count * 2}, next: D}
  D: {type: mapping, out: {N.n: = In.count + 1}, next: End}
""",
        "a line": """
  A: {type: mapping, out: {W: = Unknown}, next: B}
  B: {type: mapping, out: {N.n: = W.count2, N.m: = W.count2}, next: End}
""",
        "a callee": """
  A: {type: sub flow, flow: Nothing, out: {W: = Found}, next: B}
  B: {type: mapping, out: {N.n: = W.count2 + 1, N.m: = W.count2 * 2}, next: C}
  C: {type: mapping, out: {N.n: = W.count2 + 3}, next: End}
""",
        "a kind": """
  A: {type: nothing, out: {W: = Found}, next: B}
  B: {type: mapping, out: {N.n: = W.count2 + 1, N.m: = W.count2 * 2}, next: C}
  C: {type: mapping, out: {N.n: = W.count2 + 3}, next: End}
""",
        "a setting": """
  A: {type: sub flow, flo: Nothing, flow: F, out: {W: = Found}, next: B}
  B: {type: mapping, out: {N.n: = W.count2 + 1, N.m: = W.count2 * 2}, next: C}
  C: {type: mapping, out: {N.n: = W.count2 + 3}, next: End}
""",
        "the condition of a while": """
  A:
    type: loop
    while: = In.cuont = null
    nodes:
      Start: {type: start, next: B}
      B: {type: mapping, out: {N.n: = In.count * 2}, next: End}
      End: {type: end}
    next: End
""",
        "a loop": """
  A:
    type: loop
    each: = In.lnies
    nodes:
      Start: {type: start, next: B}
      B: {type: mapping, out: {N.n: = Item.price * 2, N.m: = Item.quantity}, next: End}
      End: {type: end}
    collect: = Item.price
    out: {N.n: = sum(results)}
    next: End
""",
        "a link": """
  A: {type: mapping, out: {N.n: 1}, next: Nowhere}
  B: {type: mapping, out: {N.m: = N.n}, next: End}
""",
    }
    counts = {}
    for name, nodes in parts.items():
        flow = f"""
microflow: F
inputs: {{In: Order}}
variables: {{N: Numbers, W: Whole}}
nodes:
  Start: {{type: start, next: A}}
{nodes.strip(chr(10))}
  End: {{type: end}}
"""
        numbers = "business_object: Numbers\nfields: {n: integer, m: integer}"
        counts[name] = len(faults_of(ORDER, LINE, numbers, "business_object: Whole\nfields: {count2: integer}", flow))
    assert counts == dict.fromkeys(parts, 1)
