"""The tests in a flow, checked against its inputs and outputs."""

import pytest
from tests.unit.small_apps import told

ORDER = """
business_object: Order
fields:
  id: string
  count: {type: integer, min: 1}
  note: string?
  lines: [Line]
"""
LINE = "business_object: Line\nfields: {sku: string, price: decimal?}\n"
FLOW = """
microflow: F
inputs: {In: Order, More: Line?}
outputs: {Out: Order, Rest: [Line]}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
tests:
"""
GOOD = "{In: {id: a, count: 1}}"


def _told(test: str) -> str:
    return "" if (found := told(ORDER, LINE, FLOW + f"  - {{name: t, {test}}}\n")) == "No faults.\n" else found


@pytest.mark.parametrize(
    "test",
    [
        f"input: {GOOD}, expected: {{}}",
        f"input: {GOOD}, expected: {{Out: {{count: 1}}, Rest: []}}",
        "input: {In: {id: = 1 + 1, count: 2, note: null, lines: [{sku: x, price: 1.50}]}, More: null}, expected: {Out: null}",
        "input: {In: {id: a, count: 2.0}}, expected: {Rest: [{price: 2}]}",
        "input: {In: {id: 5, count: many}}, expected_error: count",
        "input: {}, expected_error: In",
        "expected_error: In",
        "input: {In: [1]}, expected_error: a list",
    ],
)
def test_what_fits_is_right(test: str) -> None:
    """Outputs may be named in part; where an error is expected, values need not fit."""
    assert _told(test) == ""


@pytest.mark.parametrize(
    ("test", "code", "sentence"),
    [
        (f"input: {GOOD}, expected: {{Outt: {{}}}}", "MF-D095", 'The flow has no output "Outt".'),
        ("input: {Inn: {}}, expected: {}", "MF-D095", 'The flow has no input "Inn".'),
        ("input: {Inn: {}}, expected_error: x", "MF-D095", 'The flow has no input "Inn".'),
        ("expected: {}", "MF-D095", 'The test "t" needs the input "In".'),
        ("input: {More: {sku: x}}, expected: {}", "MF-D095", 'The test "t" needs the input "In".'),
        (
            "input: {In: {id: a, cuont: 1}}, expected: {}",
            "MF-D095",
            'Order has no field "cuont".',
        ),
        ("input: {In: {id: a, cuont: 1}}, expected_error: x", "MF-D095", 'Order has no field "cuont".'),
        (f"input: {GOOD}, expected: {{Out: {{lines: [{{skuu: x}}]}}}}", "MF-D095", 'Line has no field "skuu".'),
        ("input: {In: {id: 5, count: 1}}, expected: {}", "MF-D061", "expected text"),
        ("input: {In: {id: a, count: 1.5}}, expected: {}", "MF-D061", "does not fit"),
        ("input: {In: {id: a}}, expected: {}", "MF-D061", "count"),
        ("input: {In: {id: a, count: 0}}, expected: {}", "MF-D061", "count"),
        ("input: {In: [1]}, expected: {}", "MF-D061", "does not fit"),
        (f"input: {GOOD}, expected: {{Rest: {{}}}}", "MF-D061", "a list"),
        (f"input: {GOOD}, expected: {{Out: {{lines: [{{price: dear}}]}}}}", "MF-D061", "does not fit"),
    ],
)
def test_what_does_not_fit_is_a_fault(test: str, code: str, sentence: str) -> None:
    """Each is told once, at its place."""
    faults = _told(test)
    assert faults.count("\n1 fault.") == 1, faults
    assert (code in faults, sentence in " ".join(faults.split())) == (True, True), faults
