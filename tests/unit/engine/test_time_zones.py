"""A flow through the night in which an hour comes twice, as a caller sees it."""

import pytest
from tests.unit.small_apps import SmallApp

APP = """
app: Nights
version: v.1.0.0
time_zone: {zone}
"""
SLOT = """
business_object: Slot
fields:
  at: date-time
  next: date-time?
  gap: duration?
  is_later: boolean?
  hours: [date-time]
"""
FLOW = """
microflow: Next Hour
inputs: {In: Slot}
outputs: {Out: Slot}
nodes:
  Start: {type: start, next: M}
  M:
    type: mapping
    out:
      Out.at: = In.at
      Out.next: = In.at + duration("PT1H")
      Out.gap: = (In.at + duration("PT1H")) - In.at
      Out.is_later: = @"2025-10-26T02:15:00" < In.at
      Out.hours: = for i in 0..2 return In.at + duration("PT1H") * i
    next: End
  End: {type: end}
"""


async def test_an_hour_later_is_the_second_pass_and_can_be_sent_back() -> None:
    """What the reply says is read again as the same moment, so that each hour of the night is met once."""
    app = SmallApp(APP.format(zone="Europe/Berlin"), SLOT, FLOW)
    first = (await app.call("Next Hour", {"In": {"at": "2025-10-26T02:30:00@Europe/Berlin"}}))["Out"]
    assert first == {
        "at": "2025-10-26T02:30:00@Europe/Berlin", "next": "2025-10-26T02:30:00+01:00@Europe/Berlin", "gap": "PT1H", "is_later": True,
        "hours": ["2025-10-26T02:30:00@Europe/Berlin", "2025-10-26T02:30:00+01:00@Europe/Berlin", "2025-10-26T03:30:00@Europe/Berlin"],
    }  # fmt: skip
    second = (await app.call("Next Hour", {"In": {"at": first["next"]}}))["Out"]
    assert (second["at"], second["next"]) == (first["next"], "2025-10-26T03:30:00@Europe/Berlin")


@pytest.mark.parametrize(("zone", "is_later"), [("Europe/Berlin", True), ("America/New_York", False)])
async def test_a_time_without_offset_is_of_the_app_s_zone(zone: str, is_later: bool) -> None:
    """One flow in two apps: the constant is another moment in each."""
    app = SmallApp(APP.format(zone=zone), SLOT, FLOW)
    reply = await app.call("Next Hour", {"In": {"at": "2025-10-26T00:30:00Z"}})
    assert reply["Out"]["is_later"] is is_later
