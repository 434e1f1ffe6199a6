"""Tests that the apps have the shapes that the clients read, case-exact."""

from pathlib import Path
from typing import Any

import pytest

from microflow_runtime.compiler.reading import AppDefinitions, read_definitions, read_folder
from microflow_runtime.model.microflow import Microflow

APPS = Path(__file__).parents[3] / "apps"
TRACKING = [
    "tracking_detail",
    "tracking_no",
    "tracking_status",
    "due_date",
    "action_date",
    "register_date",
    "delivery_result",
    "brach",
    "recipient_name",
    "tracking_id",
]


@pytest.fixture(scope="module", params=["Demo", "Tracking"])
def app(request: pytest.FixtureRequest) -> AppDefinitions:
    """Read each app."""
    return read_definitions(read_folder(APPS / request.param))


def shape(definitions: AppDefinitions, name: str) -> dict[str, Any]:
    """Give the fields of a Business Object, nested ones as lists of theirs."""
    fields: dict[str, Any] = {}
    for field in definitions.business_objects[name].fields:
        inner = str(field.type.name) if field.type.is_simple else shape(definitions, field.type.name)
        fields[field.name] = [inner] if field.type.is_list else inner
    return fields


def test_the_apps_have_no_faults(app: AppDefinitions) -> None:
    """What is shown to newcomers is right."""
    assert app.faults == ()


def test_every_flow_is_described_and_tested(app: AppDefinitions) -> None:
    """Each flow says what it does and has tests with a name, an input and an outcome."""
    for flow in app.microflows.values():
        assert flow.description
        assert flow.tests
        for test in flow.tests:
            assert set(test.input) == set(flow.inputs)
            assert set(flow.outputs if test.expected is None else test.expected) == set(flow.outputs)


@pytest.mark.parametrize(
    ("app_name", "flow_name", "inputs", "outputs"),
    [
        ("Demo", "ExchangeRate", {"RequestBO": {"requestData": "string"}}, {"ResponseBO": {"responseData": "decimal"}}),
        (
            "Tracking",
            "Get Tracking Detail",
            {"Tracking_Input": {"tracking_no": "string"}},
            {"Tracking_Output": [dict.fromkeys(TRACKING, "string")]},
        ),
        (
            "Tracking",
            "Get Tracking List",
            {"Tracking_List_Input": {"mobile": "string"}},
            {"Tracking_Output": [dict.fromkeys(TRACKING, "string")]},
        ),
        (
            "Demo",
            "work_group_schedule_of_my_calendar",
            {"param_work_my_calendar": {"as_year": "string", "as_month": "string", "employee_code": "string"}},
            {
                "SchedM": [
                    {
                        "wGSchedule": [
                            {
                                "employee_name": "string",
                                "employee_id": "string",
                                "position": "string",
                                "state_name_Pl": {
                                    "working_hour": "decimal",
                                    "ot_hour": "decimal",
                                    "rlv_adm_hour": "decimal",
                                },
                                "dWork": [{"state_nameP": [{"day_activityP": "string"}]}],
                            }
                        ]
                    }
                ]
            },
        ),
    ],
)
def test_inputs_and_outputs_have_the_clients_shapes(
    app_name: str, flow_name: str, inputs: dict[str, Any], outputs: dict[str, Any]
) -> None:
    """Names are spelt as the clients spell them, and lists are lists at every level."""
    definitions = read_definitions(read_folder(APPS / app_name))
    flow = definitions.microflows[flow_name]
    for declared, expected in ((flow.inputs, inputs), (flow.outputs, outputs)):
        found = {name: shape(definitions, ref.name) for name, ref in declared.items()}
        assert {name: [found[name]] if ref.is_list else found[name] for name, ref in declared.items()} == expected


def test_swap_with_lists_people_and_shifts() -> None:
    """The list has the two fields that are known of it."""
    definitions = read_definitions(read_folder(APPS / "Demo"))
    flow: Microflow = definitions.microflows["swap_with"]
    assert shape(definitions, flow.inputs["param_v_swap_with"].name) == {"as_date": "string", "team_group_no": "string"}
    assert flow.outputs["v_swap_with_list"].is_list
    assert {"employee_code", "shift_name_code"} <= set(shape(definitions, "v_swap_with_list"))


def test_only_tracking_is_open_to_anybody() -> None:
    """Anonymous access is where the clients need it, and as a named account."""
    assert {flow.anonymous_as for flow in read_definitions(read_folder(APPS / "Tracking")).microflows.values()} == {
        "tracking-public"
    }
    assert {flow.anonymous_as for flow in read_definitions(read_folder(APPS / "Demo")).microflows.values()} == {None}
