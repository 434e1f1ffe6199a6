"""What DoAction answers when a flow was let in, compared byte for byte."""

import pytest
from tests.wire.world import EXECUTION_ID, World


def six_keys(outputs: str, flow: str, flow_id: str) -> bytes:
    """Give the bytes of a reply that tells of success."""
    return (
        '{"exception":"","responseStatus":"SUCCESS","responseObjectsMap":' + outputs + ',"flowName":"' + flow
        + '","flowId":"' + flow_id + '","tId":"' + EXECUTION_ID + '"}'
    ).encode()  # fmt: skip


def failure(exception: str, flow: str, flow_id: str, execution_id: str = EXECUTION_ID) -> bytes:
    """Give the bytes of a reply that tells of a failure."""
    return (
        '{"exception":"' + exception + '","responseStatus":"ERROR","responseObjectsMap":{},"flowName":"' + flow
        + '","flowId":"' + flow_id + '","tId":"' + execution_id + '"}'
    ).encode()  # fmt: skip


def test_success_has_exactly_the_six_keys_in_their_order(world: World) -> None:
    """A documented call answers 200 with the six keys, the flow's id and the execution's."""
    answer = world.act({"flowName": "Rate", "object": {"RequestBO": {"requestData": "data"}}})
    assert answer.status == 200
    assert answer.body == six_keys('{"ResponseBO":{"responseData":31.184504}}', "Rate", "id-of-Rate")


def test_headers_of_a_reply(world: World) -> None:
    """Every reply is JSON in UTF-8 and names snapshot, epoch and worker in headers."""
    answer = world.act({"flowName": "Rate", "object": {"RequestBO": {"requestData": "data"}}})
    snapshot = world.runtime.catalog.find_named("Rate")[0].record.snapshot
    assert snapshot.startswith("v.1.0.0+")
    assert dict(answer.headers) == {
        b"content-type": b"application/json; charset=utf-8",
        b"x-content-type-options": b"nosniff",
        b"x-microflow-worker": b"7",
        b"content-length": str(len(answer.body)).encode(),
        b"x-microflow-epoch": str(world.runtime.catalog.epoch).encode(),
        b"x-microflow-snapshot": snapshot.encode(),
    }
    assert len(answer.headers) == 6


@pytest.mark.parametrize("name", ["Get Tracking List", "อัตราแลกเปลี่ยน"])
def test_names_of_any_script_and_with_spaces(world: World, name: str) -> None:
    """A flow's name may hold spaces and Thai; text goes out as UTF-8, not escaped, and keeps its leading zero."""
    answer = world.act({"flowName": name, "object": {"RequestBO": {"requestData": "0812345678 กะดึก"}}})
    assert answer.body == six_keys('{"Text":{"text":"0812345678 กะดึก"}}', name, f"id-of-{name.replace(' ', '-')}")


def test_a_name_with_quotes_is_escaped(world: World) -> None:
    """Quotes in a flow's name do not break the reply."""
    answer = world.act({"flowName": 'He said "hi"', "object": {"RequestBO": {"requestData": 'a"b\\c\n'}}})
    expected = six_keys('{"Text":{"text":"a\\"b\\\\c\\n"}}', 'He said \\"hi\\"', 'id-of-He-said-\\"hi\\"')
    assert answer.body == expected


def test_outputs_that_nobody_wrote(world: World) -> None:
    """An output that no node wrote is `{}` where it is single and `[]` where it is a list."""
    answer = world.act({"flowName": "Nothing Written", "object": {"Given": {"requestData": "not echoed"}}})
    outputs = '{"Single":{},"Rows":[],"Text":{},"Texts":[]}'
    assert answer.body == six_keys(outputs, "Nothing Written", "id-of-Nothing-Written")


_FULL = (
    '{"wGSchedule":[{"employee_name":"A","state_name_Pl":{"working_hour":8},'
    '"dWork":[{"state_nameP":[{"day_activityP":"N"}]}]}]}'
)


@pytest.mark.parametrize(
    ("kind", "outputs"),
    [
        ("full", '{"Months":[' + _FULL + '],"Alone":' + _FULL + "}"),
        (
            "hollow",
            (
                '{"Months":[{"wGSchedule":[{"employee_name":"A","state_name_Pl":{"working_hour":null},'
                '"dWork":[{"state_nameP":[]}]}]}],'
                '"Alone":{"wGSchedule":[{"employee_name":"A","state_name_Pl":{"working_hour":null},"dWork":[]}]}}'
            ),
        ),
        ("none", '{"Months":[],"Alone":{"wGSchedule":[]}}'),
        ("unwritten", '{"Months":[],"Alone":{}}'),
    ],
)
def test_lists_are_arrays_at_every_level(world: World, kind: str, outputs: str) -> None:
    """A list is `[row]` or `[]` at each level of nesting, a single Business Object an object; never null or absent."""
    answer = world.act({"flowName": "Shapes", "object": {"Shape": {"kind": kind}}})
    assert answer.body == six_keys(outputs, "Shapes", "id-of-Shapes")


def test_every_simple_type_comes_back_as_it_came(world: World) -> None:
    """Text, numbers with their digits, booleans, ISO dates and times, null and an empty list survive the round trip."""
    value = (
        b'{"text":"0812","whole":7,"exact":100.00,"yes":true,"day":"2026-05-19","hour":"15:15:00",'
        b'"moment":"2026-05-19T15:15:00","span":"P1DT2H","nothing":null,"none":[]}'
    )
    body = b'{"flowName":"Everything","object":{"Everything":' + value + b"}}"
    assert world.act(body).body == six_keys(f'{{"Everything":{value.decode()}}}', "Everything", "id-of-Everything")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("1E+2", "100"),
        ("1e400", "1" + "0" * 400),
        ("1.50e-8", "0.0000000150"),
        ("-0.0", "-0.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ],
)
def test_numbers_go_out_in_plain_notation(world: World, sent: str, told: str) -> None:
    """A decimal is a JSON number without exponent, with the digits it has."""
    answer = world.act(b'{"flowName":"Numbers","object":{"Numbers":{"amount":' + sent.encode() + b"}}}")
    assert answer.body == six_keys(f'{{"Numbers":{{"amount":{told},"count":null}}}}', "Numbers", "id-of-Numbers")


def test_an_optional_field_that_is_absent_is_null(world: World) -> None:
    """A written output shows every declared field, also those that have no value."""
    answer = world.act({"flowName": "Numbers", "object": {"Numbers": {}}})
    assert answer.body == six_keys('{"Numbers":{"amount":null,"count":null}}', "Numbers", "id-of-Numbers")


def test_a_field_with_spaces(world: World) -> None:
    """A field's name may hold spaces, on the wire too."""
    answer = world.act({"flowName": "Spaces"})
    assert answer.body == six_keys('{"Name":{"a field with spaces":"x"}}', "Spaces", "id-of-Spaces")


def test_a_list_input_that_is_left_out_is_empty(world: World) -> None:
    """A declared list that was not sent, or was sent as null, is `[]`."""
    for objects in ({}, {"Rows": None}):
        answer = world.act({"flowName": "Takes Lists", "object": objects})
        assert answer.body == six_keys('{"Rows":[]}', "Takes Lists", "id-of-Takes-Lists")


def test_one_row_stays_a_list(world: World) -> None:
    """A list of one row is answered as a list of one row."""
    answer = world.act({"flowName": "Takes Lists", "object": {"Rows": [{"requestData": "a"}]}})
    assert answer.body == six_keys('{"Rows":[{"requestData":"a"}]}', "Takes Lists", "id-of-Takes-Lists")


def test_one_object_where_a_list_is_declared(world: World) -> None:
    """A bare object in the place of a list is a failed call that names path, expected and found."""
    answer = world.act({"flowName": "Takes Lists", "object": {"Rows": {"requestData": "a"}}})
    expected = "Takes Lists: Rows: expected a list, found an object."
    assert (answer.status, answer.body) == (200, failure(expected, "Takes Lists", "id-of-Takes-Lists"))


def test_a_list_where_one_object_is_declared(world: World) -> None:
    """A list in the place of one object is a failed call as well."""
    answer = world.act({"flowName": "Numbers", "object": {"Numbers": [{}]}})
    expected = "Numbers: Numbers: expected an object (Numbers), found a list of 1."
    assert (answer.status, answer.body) == (200, failure(expected, "Numbers", "id-of-Numbers"))


def test_a_thrown_error(world: World) -> None:
    """A flow that throws answers 200 with ERROR, the reason, an empty map, and what was written before is gone."""
    answer = world.act({"flowName": "Throws", "object": {"RequestBO": {"requestData": "{{7*7}}"}}})
    expected = 'No luck with \\"{{7*7}}\\".'
    assert (answer.status, answer.body) == (200, failure(expected, "Throws", "id-of-Throws"))


def test_a_formula_that_fails(world: World) -> None:
    """A division by zero answers 200 with ERROR and names flow, node and formula."""
    answer = world.act({"flowName": "Divides", "object": {"Numbers": {}}})
    assert answer.status == 200
    assert answer.body.startswith(b'{"exception":"Divides, mapping \\"Divide\\": ')
    assert b"`1 / Zero`" in answer.body
    assert answer.body.endswith(
        b'","responseStatus":"ERROR","responseObjectsMap":{},"flowName":"Divides","flowId":"id-of-Divides",'
        b'"tId":"' + EXECUTION_ID.encode() + b'"}'
    )


def test_a_required_input_that_is_missing(world: World) -> None:
    """A required Business Object that is left out or null is a failed call that names it."""
    for objects in ({}, {"RequestBO": None}):
        answer = world.act({"flowName": "Rate", "object": objects})
        expected = "Rate: RequestBO: expected a value, found nothing."
        assert (answer.status, answer.body) == (200, failure(expected, "Rate", "id-of-Rate"))


def test_a_reply_at_its_limit_and_one_byte_over(world: World) -> None:
    """A result of exactly the limit is sent whole; with one byte more the call fails, naming limit and size."""
    room = 100 - len('{"Text":{"text":""}}')
    exact = world.act({"flowName": "Long", "object": {"RequestBO": {"requestData": "x" * room}}})
    assert exact.body == six_keys('{"Text":{"text":"' + "x" * room + '"}}', "Long", "id-of-Long")
    over = world.act({"flowName": "Long", "object": {"RequestBO": {"requestData": "x" * (room + 1)}}})
    expected = "Long: the reply has 101 bytes, the limit is 100 bytes."
    assert over.body == failure(expected, "Long", "id-of-Long")
