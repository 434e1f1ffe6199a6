"""What the two public clients send, and that each row of their needs is met by what comes back."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.integration.running_server import ACT, Server

_SIX = ["exception", "responseStatus", "responseObjectsMap", "flowName", "flowId", "tId"]
_ROW = [
    "tracking_detail", "tracking_no", "tracking_status", "due_date", "action_date", "register_date", "delivery_result",
    "brach", "recipient_name", "tracking_id",
]  # fmt: skip


def without_session(server: Server, flow: str, objects: Any, *, pretty: bool = False) -> Any:
    """Call a flow as both clients do: no session, only flowName and object."""
    body = json.dumps({"flowName": flow, "object": objects}, indent=2 if pretty else None).encode()
    return server.send("POST", ACT, body, {"Content-Type": "application/json; charset=UTF-8"})


def test_exchange_rate_as_documented(server: Server) -> None:
    """The documented call gives a single object with an exact decimal, and the six keys in order."""
    reply = server.act("ExchangeRate", {"RequestBO": {"requestData": "data"}}, appName="Demo")
    assert reply.outputs == {"ResponseBO": {"responseData": "31.184504"}}
    assert list(reply.json) == _SIX
    assert all(isinstance(value, str) for key, value in reply.json.items() if key != "responseObjectsMap")


def test_tracking_list_of_rows(server: Server) -> None:
    """A mobile number keeps its zero and gives rows whose fields are all text, with no extra key anywhere."""
    reply = without_session(server, "Get Tracking List", {"Tracking_List_Input": {"mobile": "0812345678"}})
    assert list(reply.json) == _SIX
    assert list(reply.outputs) == ["Tracking_Output"]
    rows = reply.outputs["Tracking_Output"]
    assert len(rows) > 1
    assert all(list(row) == _ROW and all(isinstance(value, str) for value in row.values()) for row in rows)


def test_tracking_detail_of_one_parcel(server: Server) -> None:
    """The events of one parcel come as a list, also by the pretty-printed JSON of the mobile app."""
    given = {"Tracking_Input": {"tracking_no": "EX260000048TH"}}
    rows = without_session(server, "Get Tracking Detail", given, pretty=True).outputs["Tracking_Output"]
    assert isinstance(rows, list)
    assert {row["tracking_no"] for row in rows} == {"EX260000048TH"}


@pytest.mark.parametrize(
    ("flow", "objects"),
    [
        ("Get Tracking List", {"Tracking_List_Input": {"mobile": "0000000000"}}),
        ("Get Tracking Detail", {"Tracking_Input": {"tracking_no": "nothing"}}),
    ],
)
def test_an_empty_list_is_an_empty_list(server: Server, flow: str, objects: Any) -> None:
    """Nothing found is `[]`, which both clients take for not found."""
    assert without_session(server, flow, objects).outputs == {"Tracking_Output": []}


def test_swap_with(server: Server) -> None:
    """The people to swap with come as a list."""
    given = {"param_v_swap_with": {"as_date": "2026-03-02", "team_group_no": "TGN0000000228"}}
    rows = server.act("swap_with", given).outputs["v_swap_with_list"]
    assert rows
    assert all({"employee_code", "shift_name_code"} <= set(row) for row in rows)


def test_a_schedule_nested_three_lists_deep(server: Server) -> None:
    """Lists are arrays at every level, the hours a single object, a day off an empty array."""
    given = {"param_work_my_calendar": {"as_year": "2026", "as_month": "03", "employee_code": "640009"}}
    (month,) = server.act("work_group_schedule_of_my_calendar", given).outputs["SchedM"]
    people = month["wGSchedule"]
    assert len(people) > 1
    for person in people:
        assert isinstance(person["state_name_Pl"], dict)
        assert len(person["dWork"]) == 31
        assert all(isinstance(day["state_nameP"], list) for day in person["dWork"])
    assert any(day["state_nameP"] == [] for person in people for day in person["dWork"])
    assert any(day["state_nameP"] for person in people for day in person["dWork"])


def test_a_failing_flow_keeps_its_body(server: Server) -> None:
    """A flow that fails answers 200, ERROR, a reason and an empty object for a map: the Java client reads it."""
    reply = server.act("Broken Lookup", {"RequestBO": {"requestData": "USD"}})
    assert "price_list" in reply.error
    assert list(reply.json) == _SIX
    assert "/" not in reply.error


def test_what_needs_a_session_does_not_redirect(server: Server) -> None:
    """Without a session a closed flow is 401 with JSON: no redirect, no page."""
    reply = without_session(server, "ExchangeRate", {"RequestBO": {"requestData": "data"}})
    assert (reply.status, reply.json["responseObjectsMap"]) == (401, {})
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert "location" not in reply.headers


def test_sample_scripts_send_an_empty_iamtoken(server: Server) -> None:
    """Bearer together with an empty IAMToken header is one session."""
    headers = {"Authorization": f"Bearer {server.token}", "IAMToken": ""}
    body = {"flowName": "ExchangeRate", "object": {"RequestBO": {"requestData": "USD"}}}
    assert server.send("POST", ACT, body, headers).outputs == {"ResponseBO": {"responseData": "31.184504"}}


def test_every_worker_answers(server: Server) -> None:
    """Calls are spread over all four workers, and each says which one it is."""
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda _: server.send("POST", ACT, {"flowName": "none"}), range(400)))
    assert {reply.headers["x-microflow-worker"] for reply in replies} == {"0", "1", "2", "3"}
