"""The known traps, over a real server with four workers."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.integration.running_server import ACT, Server
from tests.integration.wall_clocks import check_wall_clocks

LIMIT_GRACE_SECONDS = 0.5


def act_raw(server: Server, flow: str, objects: str) -> Any:
    """Call a flow with `object` as JSON text, so that numbers keep their writing."""
    body = f'{{"flowName":{json.dumps(flow)},"object":{objects}}}'.encode()
    return server.send("POST", ACT, body, user=True)


# 1. The look of a number must not decide its type


@pytest.mark.parametrize("sent", ["100.00", "100", "100.5"])
def test_amounts_are_one_kind_of_value(server: Server, sent: str) -> None:
    """A decimal is a number in formulas, in the database and in the reply, whatever its writing."""
    reply = act_raw(server, "Numbers", f'{{"OrderBO":{{"amount":{sent},"count":1}}}}')
    doubled = {"100.00": "200.00", "100": "200", "100.5": "201.0"}[sent]
    stored = {"100.00": "100", "100": "100", "100.5": "100.5"}[sent]
    expected = (
        f'{{"ResultBO":{{"amount":{sent},"doubled":{doubled},"stored":{stored},"count":1,"is_number":true,'
        f'"is_more":{"true" if sent == "100.5" else "false"}}}}}'
    )
    assert expected in reply.body.decode()


@pytest.mark.parametrize(
    ("amount", "found"),
    [('"100.00"', 'text "100.00"'), ('"NaN"', 'text "NaN"'), ("true", "true"), ("[]", "a list of 0")],
)
def test_amounts_that_are_no_number(server: Server, amount: str, found: str) -> None:
    """Text for a number is an error that names path, expected and found."""
    reply = act_raw(server, "Numbers", f'{{"OrderBO":{{"amount":{amount},"count":1}}}}')
    assert reply.error == f"Numbers: OrderBO.amount: expected decimal, found {found}."


def test_a_huge_exponent_is_refused_at_once(server: Server) -> None:
    """`1e999999999` costs nothing and is refused."""
    started = time.monotonic()
    assert act_raw(server, "Numbers", '{"OrderBO":{"amount":1e999999999,"count":1}}').status == 400
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("sent", ["7", "7.0", "7e0"])
def test_whole_counts(server: Server, sent: str) -> None:
    """An integer written with a fraction of zero or an exponent counts as 7."""
    reply = act_raw(server, "Numbers", f'{{"OrderBO":{{"amount":1,"count":{sent}}}}}')
    assert reply.outputs["ResultBO"]["count"] == 7


@pytest.mark.parametrize(("sent", "found"), [("7.5", "number 7.5"), ('"7"', 'text "7"')])
def test_counts_that_are_none(server: Server, sent: str, found: str) -> None:
    """A fraction or a text for an integer is an error that names OrderBO.count, what was expected and what came."""
    reply = act_raw(server, "Numbers", f'{{"OrderBO":{{"amount":1,"count":{sent}}}}}')
    assert reply.error == f"Numbers: OrderBO.count: expected integer, found {found}."


# 2. Missing and null are one


@pytest.mark.parametrize(
    "objects",
    ["{}", '{"MaybeBO":null}', '{"MaybeBO":{}}', '{"MaybeBO":{"x":null,"y":null}}', '{"MaybeBO":{"y":{"z":null}}}'],
)
def test_missing_and_null_are_one(server: Server, objects: str) -> None:
    """`x = null` is true, `x != null` false, `x.y = null` true, whether left out or sent as null."""
    expected = {"is_null": True, "is_not_null": False, "inner_is_null": True}
    assert act_raw(server, "Missing", objects).outputs["VerdictBO"] == expected


def test_present_is_not_null(server: Server) -> None:
    """An empty text is there, and is not null."""
    expected = {"is_null": False, "is_not_null": True, "inner_is_null": False}
    assert act_raw(server, "Missing", '{"MaybeBO":{"x":"","y":{"z":""}}}').outputs["VerdictBO"] == expected


@pytest.mark.parametrize(
    ("objects", "path"),
    [
        ("{}", "NeedsBO"),
        ('{"NeedsBO":null}', "NeedsBO"),
        ('{"NeedsBO":{}}', "NeedsBO.needed"),
        ('{"NeedsBO":{"needed":null}}', "NeedsBO.needed"),
        ('{"NeedsBO":{"needed":"x","names":[null]}}', "NeedsBO.names[0]"),
    ],
)
def test_required_and_missing(server: Server, objects: str, path: str) -> None:
    """What is required and left out, or null, is an error that names it."""
    assert act_raw(server, "Needs", objects).error.startswith(f"Needs: {path}: expected ")


def test_a_list_that_is_left_out_is_empty(server: Server) -> None:
    """A declared list that is left out is `[]` in the reply."""
    assert act_raw(server, "Needs", '{"NeedsBO":{"needed":"x"}}').outputs == {"NeedsBO": {"needed": "x", "names": []}}


# 3. A date-time without zone keeps its wall clock


def test_wall_clocks_with_a_server_in_new_york(server: Server) -> None:
    """Moments keep their wall clock with TZ=America/New_York; with TZ=Asia/Bangkok in test_processes.py."""
    check_wall_clocks(server)


# 4. Data is never evaluated


@pytest.mark.parametrize(
    "name",
    [
        "= 1 + 1",
        "{{secrets.DB_PASSWORD}}",
        "${HOME}",
        "{name}",
        "'; drop table note; --",
        "%s %(name)s",
        ":name",
        "\\u0041",
    ],
)
def test_data_is_never_evaluated(server: Server, name: str) -> None:
    """A text that looks like code comes out as exactly that text: of a mapping, a sub flow, SQL and an error."""
    given = {"NameBO": {"name": name}}
    assert server.act("Name", given).outputs == {"TextBO": {"text": name}}
    assert server.act("Name In Error", given).error == name


# 5. A condition that fails is a failure of its node


def test_a_condition_that_fails_is_caught(server: Server) -> None:
    """The catch of the gateway is taken."""
    reply = server.act("Condition Caught", {"CountBO": {"count": 0}})
    assert reply.outputs == {"TextBO": {"text": "caught formula at Which"}}


def test_a_condition_that_fails_uncaught(server: Server) -> None:
    """Without a catch the error names flow, node, link and formula, and no branch is taken."""
    error = server.act("Condition Uncaught", {"CountBO": {"count": 0}}).error
    assert error.startswith('Condition Uncaught, gateway "Which": the condition of the link "many" failed: ')
    assert "10 / CountBO.count > 1" in error


def test_a_condition_that_is_null_counts_as_false(server: Server) -> None:
    """A comparison with a missing value is null, and the other branch is taken."""
    assert server.act("Condition Null", {"MaybeBO": {}}).outputs == {"TextBO": {"text": "no"}}
    assert server.act("Condition Null", {"MaybeBO": {"x": "a"}}).outputs == {"TextBO": {"text": "yes"}}


def test_no_condition_and_no_otherwise(server: Server) -> None:
    """A gateway with nowhere to go is an error that names it."""
    error = server.act("No Way Out", {"CountBO": {"count": 1}}).error
    assert error == 'No Way Out, gateway "Which": no condition is true and no link is marked `otherwise`.'


# 6. Too large is an error, not another value


def test_a_result_at_its_limit_and_one_byte_over(server: Server) -> None:
    """One byte under and at the limit the result is exact; one byte over is an error with the limit and the size."""
    room = 1000 - len('{"TextBO":{"text":""}}')
    for size in (room - 1, room):
        assert server.act("Long", {"LongBO": {"size": size}}).outputs == {"TextBO": {"text": "x" * size}}
    error = server.act("Long", {"LongBO": {"size": room + 1}}).error
    assert error == "Long: the reply has 1001 bytes, the limit is 1000 bytes."


def test_a_body_at_its_limit_and_one_byte_over(server: Server) -> None:
    """A body of 8 MiB is read, one byte more is 413."""
    most = 8 * 1024 * 1024
    body = b'{"flowName":"Name","object":{"NameBO":{"name":"x"}}}'
    assert server.send("POST", ACT, body + b" " * (most - len(body)), user=True).outputs == {"TextBO": {"text": "x"}}
    assert server.send("POST", ACT, body + b" " * (most - len(body) + 1), user=True).status == 413


# 7. The time limit reaches everything underneath


def count_notes(server: Server, name: str) -> int:
    """Count the notes with a text, as any worker sees them."""
    return int(server.act("Count Notes", {"NameBO": {"name": name}}).outputs["CountBO"]["count"])


def timed_error(server: Server, flow: str, name: str) -> str:
    """Call a slow flow with a limit of one second; give its error, which must come within the limit's grace."""
    started = time.monotonic()
    error = server.act(flow, {"NameBO": {"name": name}}).error
    assert time.monotonic() - started < 1 + LIMIT_GRACE_SECONDS
    return error


def test_a_slow_statement_meets_the_limit(server: Server) -> None:
    """The error comes in time and names the limit and the node where the time went."""
    error = timed_error(server, "Slow", "")
    assert error.startswith('Slow, database "Count slowly": the time limit of 1.000 s has passed here')


def test_a_slow_sub_flow_meets_the_callers_limit(server: Server) -> None:
    """The limit reaches into a sub flow that allows itself more; what it inserted is rolled back."""
    error = timed_error(server, "Slow Outside", "outside")
    told = (
        'Slow Outside, sub flow "Call": Slow Inside, database "Count slowly": the time limit of 1.000 s has passed here'
    )
    assert error.startswith(told)
    assert count_notes(server, "outside") == 0


def test_a_slow_insert_is_rolled_back(server: Server) -> None:
    """An insert that meets the limit half-way leaves nothing behind, and the table can be written at once."""
    timed_error(server, "Slow Insert", "half")
    assert count_notes(server, "half") == 0
    started = time.monotonic()
    assert server.act("Note Around An Error", {"NameBO": {"name": "after half"}}).outputs == {"CountBO": {"count": 1}}
    assert time.monotonic() - started < 1


def test_connections_are_usable_after_limits(server: Server) -> None:
    """More slow calls than all pools have connections leave every connection usable, and calls beside them quick."""
    with ThreadPoolExecutor(16) as threads:
        slow = [threads.submit(server.act, "Slow") for _ in range(8)]
        time.sleep(0.3)
        started = time.monotonic()
        assert server.act("Name In Error", {"NameBO": {"name": "x"}}).error
        assert time.monotonic() - started < 0.5
        assert all("time limit" in each.result().error for each in slow)
    for _ in range(16):
        assert server.act("Name", {"NameBO": {"name": "x"}}).outputs == {"TextBO": {"text": "x"}}


def test_a_caller_that_hangs_up(server: Server) -> None:
    """When the caller hangs up the execution is stopped and undone, long before its own limit."""
    body = json.dumps({"flowName": "Slow Inside", "object": {"NameBO": {"name": "gone"}}}).encode()
    head = (
        f"POST {ACT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {server.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(head.encode() + body)
        time.sleep(0.5)
    started = time.monotonic()
    assert server.act("Note Around An Error", {"NameBO": {"name": "after gone"}}).outputs == {"CountBO": {"count": 1}}
    assert time.monotonic() - started < 1.5
    assert count_notes(server, "gone") == 0


# One transaction for each data source


def test_all_inserts_are_undone_when_the_flow_fails(server: Server) -> None:
    """Inserts before a failure are undone, guarded by a catch or not, and beginning with `with` or not."""
    assert "and now it fails" in server.act("Note And Fail", {"NameBO": {"name": "undone"}}).error
    assert count_notes(server, "undone") == 0


def test_a_caught_error_undoes_its_own_statement_only(server: Server) -> None:
    """What was inserted before a caught database error stays and is committed."""
    assert server.act("Note Around An Error", {"NameBO": {"name": "kept"}}).outputs == {"CountBO": {"count": 1}}
    assert count_notes(server, "kept") == 1


def test_flows_that_read_and_then_write_at_once(server: Server) -> None:
    """Flows that look before they insert do not make each other fail, on whatever worker they run."""

    def note(_turn: int) -> Any:
        return server.act("Look And Note", {"NameBO": {"name": "crowd"}})

    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(note, range(80)))
    assert all(0 <= reply.outputs["CountBO"]["count"] < 80 for reply in replies)
    assert count_notes(server, "crowd") == 80
