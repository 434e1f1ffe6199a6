"""What gateways, lines and links tell of values that may be missing, and what they do not."""

import pytest
from tests.unit.small_apps import SmallApp, faults_of

EMPLOYEE = """
business_object: Employee
fields:
  name: string
  grade: integer?
  boss: Employee?
  home: Home?
  tags: [string]
"""
HOME = "business_object: Home\nfields: {city: string, street: string?}"
RESULT = "business_object: Result\nfields: {text: string, number: integer, maybe: integer?}"
FIND = """
microflow: Find
inputs: {Key: Employee}
outputs: {Found: Employee, Perhaps: Employee?}
nodes:
  Start: {type: start, next: Write}
  Write: {type: mapping, out: {Found: = Key}, next: End}
  End: {type: end}
"""


def _flow(nodes: str) -> tuple[str, ...]:
    return (
        EMPLOYEE,
        HOME,
        RESULT,
        FIND,
        f"""
microflow: F
inputs: {{In: Employee, Perhaps: Employee?, All: Employee}}
outputs: {{Out: Result}}
variables: {{V: Employee?, W: Employee, N: Result, List: [Employee]}}
nodes:
  Start: {{type: start, next: A}}
{nodes.strip(chr(10))}
  End: {{type: end}}
{"  Stop: {type: throw, message: no}" if "to: Stop" in nodes else ""}
""",
    )


_PRESENT = {
    "behind a throw": """
  A: {type: gateway, links: [{when: = Perhaps = null, to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.text: = Perhaps.name}, next: End}
""",
    "a field, and its parents": """
  A: {type: gateway, links: [{when: '= Perhaps.boss.grade = null', to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.text: = Perhaps.name + Perhaps.boss.name, Out.number: = Perhaps.boss.grade}, next: End}
""",
    "a later condition of the same gateway": """
  A:
    type: gateway
    links: [{when: = In.grade = null, to: Stop}, {when: = In.grade > 3, to: Use}, {otherwise: true, to: Use}]
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "the way of a condition that holds": """
  A: {type: gateway, links: [{when: = Perhaps.grade + 1 > 3, to: Use}, {otherwise: true, to: Stop}]}
  Use: {type: mapping, out: {Out.number: = Perhaps.grade, Out.text: = Perhaps.name}, next: End}
""",
    "both sides of an or": """
  A: {type: gateway, links: [{when: = Perhaps = null or In.grade = null, to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.number: = In.grade, Out.text: = Perhaps.name}, next: End}
""",
    "what both sides of an or tell": """
  A:
    type: gateway
    links: [{when: '= In.grade = 1 or In.grade between 5 and 7', to: Use}, {otherwise: true, to: Stop}]
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "the rest of two ways": """
  A: {type: gateway, links: [{when: = Perhaps = null, to: Make}, {otherwise: true, to: Take}]}
  Make: {type: sub flow, flow: Find, in: {Key: = In}, out: {V: = Found}, next: Use}
  Take: {type: mapping, out: {V: = Perhaps}, next: Use}
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
    "a field that is written": """
  A: {type: mapping, out: {N.maybe: 5, V.grade: '= count(List)'}, next: Use}
  Use: {type: mapping, out: {Out.number: = N.maybe + V.grade}, next: End}
""",
    "a ring that does not write it": """
  A: {type: gateway, links: [{when: = In.grade = null, to: Stop}, {otherwise: true, to: Again}]}
  Again: {type: gateway, links: [{when: = count(List) > 3, to: Use}, {otherwise: true, to: More}]}
  More: {type: mapping, out: {Out.number: = In.grade, List: '= append(List, In)'}, next: Again}
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "turns that do not write it": """
  A: {type: gateway, links: [{when: = In.grade = null, to: Stop}, {otherwise: true, to: Turn}]}
  Turn:
    type: loop
    each: = List
    nodes:
      Start: {type: start, next: Which}
      Which: {type: gateway, links: [{when: = Item.grade = null, to: End}, {otherwise: true, to: Put}]}
      Put: {type: mapping, out: {Out.number: = Item.grade + In.grade}, next: End}
      End: {type: end}
    next: Use
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "the condition of a while": """
  A:
    type: loop
    while: = V != null
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {Out.text: = V.name, V: = V.boss}, next: End}
      End: {type: end}
    next: End
""",
    "a while that has ended": """
  A:
    type: loop
    while: = V = null
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {V: = Perhaps}, next: End}
      End: {type: end}
    next: Use
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
    "a branch that writes it": """
  A:
    type: parallel
    branches:
      one:
        Start: {type: start, next: Put}
        Put: {type: mapping, out: {V: = In}, next: End}
        End: {type: end}
      two:
        Start: {type: start, next: End}
        End: {type: end}
    next: Use
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
    "the items of a filter": """
  A: {type: mapping, out: {Out.number: '= count(for e in List[grade != null and boss != null] return e.grade + e.boss.grade)'}, next: B}
  B: {type: mapping, out: {Out.text: '= if some e in List satisfies e.home != null and e.home.city = "x" then "y" else "n"'}, next: C}
  C:
    type: loop
    each: = List[home.city != null]
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {Out.text: = Item.home.city}, next: End}
      End: {type: end}
    next: End
""",
    "a catch of a node that does not write it": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Try}]}
  Try:
    type: sub flow
    flow: Find
    in: {Key: = V}
    out: {W: = Found}
    catch: [{error: any, out: {Out.text: = V.name}, to: Use}]
    next: Use
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
}


@pytest.mark.parametrize("case", _PRESENT)
def test_what_is_known_to_be_there_may_be_used(case: str) -> None:
    """A value that is tested or written on every way to a node is there."""
    assert [fault.message for fault in faults_of(*_flow(_PRESENT[case]))] == []


_MISSING = {
    "one of two ways": """
  A: {type: gateway, links: [{when: = Perhaps = null, to: Use}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.text: = Perhaps.name}, next: End}
""",
    "the way where it is null": """
  A: {type: gateway, links: [{when: = Perhaps = null, to: Use}, {otherwise: true, to: Stop}]}
  Use: {type: mapping, out: {Out.text: = Perhaps.name}, next: End}
""",
    "one side of an or": """
  A: {type: gateway, links: [{when: '= In.grade != null or List != []', to: Use}, {otherwise: true, to: Stop}]}
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "one side of an and that does not hold": """
  A: {type: gateway, links: [{when: = Perhaps = null and In.grade = null, to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "a negation that may be null": """
  A: {type: gateway, links: [{when: = not(In.grade > 3), to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.number: = In.grade}, next: End}
""",
    "null is assigned": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Clear}]}
  Clear: {type: mapping, out: {V: = null}, next: Use}
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
    "its parent is assigned": """
  A: {type: gateway, links: [{when: = V.grade = null, to: Stop}, {otherwise: true, to: Put}]}
  Put: {type: mapping, out: {V: = In}, next: Use}
  Use: {type: mapping, out: {Out.number: = V.grade}, next: End}
""",
    "a value that may be missing is assigned": """
  A: {type: mapping, out: {V.grade: = In.grade}, next: Use}
  Use: {type: mapping, out: {Out.number: = V.grade}, next: End}
""",
    "a ring that writes it": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Again}]}
  Again: {type: gateway, links: [{when: = count(List) > 3, to: End}, {otherwise: true, to: More}]}
  More: {type: mapping, out: {Out.text: = V.name, List: '= append(List, In)'}, next: Clear}
  Clear: {type: mapping, out: {V: = V.boss}, next: Again}
""",
    "turns that write it": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Turn}]}
  Turn:
    type: loop
    each: = List
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {Out.text: = V.name, V: = V.boss}, next: End}
      End: {type: end}
    next: End
""",
    "behind turns that write it": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Turn}]}
  Turn:
    type: loop
    each: = List
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {V: = V.boss}, next: End}
      End: {type: end}
    out: {Out.text: = V.name}
    next: End
""",
    "the catch of turns that write it": """
  A: {type: gateway, links: [{when: = V = null, to: Stop}, {otherwise: true, to: Turn}]}
  Turn:
    type: loop
    each: = List
    nodes:
      Start: {type: start, next: Put}
      Put: {type: mapping, out: {V: = V.boss}, next: Fail}
      Fail: {type: throw, message: no}
    catch: [{error: any, out: {Out.text: = V.name}, to: End}]
    next: End
""",
    "a catch of the node that writes it": """
  A:
    type: sub flow
    flow: Find
    in: {Key: = In}
    out: {V: = Found}
    catch: [{error: any, to: Use}]
    next: Use
  Use: {type: mapping, out: {Out.text: = V.name}, next: End}
""",
    "a parent that is begun": """
  A: {type: mapping, out: {V.home.street: x}, next: Which}
  Which: {type: gateway, links: [{when: = V.home = null, to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.text: = V.home.city}, next: End}
""",
    "a parent that is begun on one way": """
  A: {type: gateway, links: [{when: '= List = []', to: Put}, {otherwise: true, to: Which}]}
  Put: {type: mapping, out: {V.home.street: x}, next: Which}
  Which: {type: gateway, links: [{when: = V.home = null, to: Stop}, {otherwise: true, to: Use}]}
  Use: {type: mapping, out: {Out.text: = V.home.city}, next: End}
""",
    "an empty list of a missing parent": """
  A: {type: gateway, links: [{when: '= Perhaps.tags = []', to: Stop}, {otherwise: true, to: Which}]}
  Which: {type: gateway, links: [{when: '= Perhaps.tags != ["x"]', to: Use}, {otherwise: true, to: Stop}]}
  Use: {type: mapping, out: {Out.text: = Perhaps.name}, next: End}
""",
    "the items of a filter that tells one side": """
  A: {type: mapping, out: {Out.number: '= List[grade != null or boss != null][1].grade + 1'}, next: End}
""",
}


@pytest.mark.parametrize("case", _MISSING)
def test_what_may_be_missing_is_told(case: str) -> None:
    """A value that some way to a node leaves missing is told, once, where it is needed."""
    told = [(fault.code, fault.is_error) for fault in faults_of(*_flow(_MISSING[case]))]
    assert told == [("MF-F011", True)]


async def test_a_narrowed_value_is_used_as_it_is() -> None:
    """The flow behind a gateway computes with the value, and the other way throws."""
    app = SmallApp(*_flow(_PRESENT["a field, and its parents"]))
    given = {"name": "a", "boss": {"name": "b", "grade": 4}}
    out = await app.call("F", {"In": given, "All": given, "Perhaps": given})
    assert out["Out"] == {"text": "ab", "number": 4, "maybe": None}
    with pytest.raises(Exception, match="no"):
        await app.call("F", {"In": given, "All": given})
