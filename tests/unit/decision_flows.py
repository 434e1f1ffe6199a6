"""Flows of one decision node, and what they answer or what is told of them."""

from textwrap import dedent, indent
from typing import Any

from tests.unit.small_apps import SmallApp, faults_of, told

CASE = """
business_object: Case
fields:
  kind: {type: string?, one_of: [gold, silver, new]}
  word: string?
  amount: {type: decimal, default: 0}
  maybe: decimal?
  count: {type: integer, default: 0, min: 0, max: 10}
  day: date?
  at: date-time?
  open: boolean?
  others: [Case]
"""
ANSWER = """
business_object: Answer
fields:
  number: decimal?
  text: string?
  day: date?
  numbers: [decimal]
  texts: [string]
  rules: [integer]
  whole: integer?
"""
_FLOW = """
microflow: F
inputs: {{In: Case}}
outputs: {{Out: Answer}}
nodes:
  Start: {{type: start, next: Decide}}
  Decide:
    type: decision
{table}
{out}
    next: End
{rest}
  End: {{type: end}}
"""


def flow_of(table: str, *out: str, rest: str = "") -> str:
    """Give the flow of a decision node with these settings and lines of its output mapping."""
    lines = "\n".join(f"      {line}" for line in out)
    body = indent(dedent(table.strip("\n")), "    ")
    return _FLOW.format(table=body, out=f"    out:\n{lines}" if out else "", rest=rest)


def app_of(table: str, *out: str, rest: str = "", files: dict[str, bytes] | None = None) -> SmallApp:
    """Give the app of that flow."""
    return SmallApp(CASE, ANSWER, flow_of(table, *out, rest=rest), files=files)


async def answer(app: SmallApp, **given: Any) -> dict[str, Any]:
    """Give what the flow answers, fields without a value left out."""
    found = (await app.call("F", {"In": given}))["Out"]
    return {name: value for name, value in found.items() if value not in (None, [])}


def told_of(table: str, *out: str, files: dict[str, bytes] | None = None) -> str:
    """Give what `microflow check` prints of it."""
    return told(CASE, ANSWER, flow_of(table, *out), files=files)


def lines_of(table: str, *out: str, files: dict[str, bytes] | None = None) -> list[str]:
    """Give each fault of it as its code, `warning` where it is one, and its message."""
    found = faults_of(CASE, ANSWER, flow_of(table, *out), files=files)
    return [f"{each.code}{'' if each.is_error else ' warning'} {each.message}" for each in found]
