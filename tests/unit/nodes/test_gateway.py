"""`gateway` as it runs: order of links, missing conditions, failing ones."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.small_apps import SmallApp

from microflow_runtime.errors import NodeError

VALUE = """
business_object: Value
fields:
  number: decimal?
  text: string?
  others: [Value]
"""


def _app(*links: str, catch: str = "") -> SmallApp:
    shown = "".join(f"      - {{{link}}}\n" for link in links)
    targets = "".join(
        f"  {name}: {{type: mapping, out: {{Out.text: {name}}}, next: End}}\n"
        for name in ("First", "Second", "Rest", "Caught")
        if any(f"to: {name}" in link for link in (*links, catch))
    )
    return SmallApp(
        VALUE,
        f"""
microflow: F
inputs: {{In: Value}}
outputs: {{Out: Value}}
nodes:
  Start: {{type: start, next: Which?}}
  Which?:
    type: gateway
    links:
{shown}{f"    catch: [{{{catch}}}]" if catch else ""}
{targets}  End: {{type: end}}
""",
    )


async def _taken(app: SmallApp, **given: Any) -> str:
    return str((await app.call("F", {"In": given}))["Out"]["text"])


async def test_the_first_true_link_is_taken() -> None:
    """Two true conditions: the earlier one; `otherwise` comes last wherever it stands."""
    app = _app("otherwise: true, to: Rest", "when: = In.number > 1, to: First", "when: = In.number > 0, to: Second")
    assert await _taken(app, number=2) == "First"
    assert await _taken(app, number=1) == "Second"
    assert await _taken(app, number=0) == "Rest"


@pytest.mark.parametrize("given", [{}, {"number": None}])
@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ("In.number = null", "First"),
        ("In.number != null", "Rest"),
        ("In.others[1].number = null", "First"),
        ("In.number > 1", "Rest"),
        ("not(In.number > 1)", "Rest"),
    ],
)
async def test_missing_and_null_are_one_in_conditions(condition: str, taken: str, given: dict[str, Any]) -> None:
    """Left out and null are the same; a condition that is null counts as false."""
    app = _app(f"when: '= {condition}', to: First", "otherwise: true, to: Rest")
    assert await _taken(app, **given) == taken


async def test_a_condition_that_fails_is_a_failure_of_its_node() -> None:
    """Without a catch the error names flow, node, link and formula; the next link is never tried."""
    app = _app("label: large, when: = 1 / In.number > 1, to: First", "otherwise: true, to: Rest")
    with pytest.raises(NodeError) as caught:
        await app.call("F", {"In": {"number": 0}})
    assert caught.value.kind == "formula"
    sentence = caught.value.message
    assert sentence.startswith('F, gateway "Which?": the condition of the link "large" failed: division by zero')
    assert sentence.endswith("(in `1 / In.number > 1`, line 1, column 1)")


async def test_a_condition_that_fails_is_caught() -> None:
    """With a catch on its kind, the catch is taken."""
    app = _app("when: = 1 / In.number > 1, to: First", "otherwise: true, to: Rest", catch="error: formula, to: Caught")
    assert await _taken(app, number=0) == "Caught"
    assert await _taken(app, number=Decimal("0.5")) == "First"


async def test_no_way_out_is_an_error_of_its_own_kind() -> None:
    """None true and no `otherwise`: kind `gateway`, which a catch may take."""
    app = _app("when: = In.number > 1, to: First")
    with pytest.raises(NodeError, match="no condition is true and no link is marked `otherwise`") as caught:
        await app.call("F", {"In": {"number": 0}})
    assert caught.value.kind == "gateway"
    app = _app("when: = In.number > 1, to: First", catch="error: gateway, to: Caught")
    assert await _taken(app, number=0) == "Caught"
