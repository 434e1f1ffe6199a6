"""Runs the tests that stand in the flows of the apps, on the apps' own data, compiled and executed as the server does."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from microflow_runtime.compiler import Callee, CheckedFlow, Library, Plan, check_business_object, compile_flow
from microflow_runtime.compiler.business_objects import Notes
from microflow_runtime.compiler.reading import AppDefinitions, read_definitions, read_folder
from microflow_runtime.engine import Run, RunLimits, perform, read_inputs
from microflow_runtime.errors import ExecutionError
from microflow_runtime.model.microflow import FlowTest
from microflow_runtime.model.principal import Principal
from microflow_runtime.nodes.table import NODE_TYPES
from microflow_runtime.runtime.data_sources import DataSources
from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

APPS = Path(__file__).parents[3] / "apps"
ANYBODY = Principal(username="tester", grants=frozenset({("data_source", "*", "use"), ("microflow", "*", "execute")}))


class Bench:
    """An app whose flows can be called."""

    def __init__(self, name: str) -> None:
        self.definitions: AppDefinitions = read_definitions(read_folder(APPS / name))
        assert self.definitions.app is not None
        self.library = Library(
            app=self.definitions.app,
            business_objects=self.definitions.business_objects,
            node_types=NODE_TYPES,
            find_callee=self._find_callee,
            callee_names=lambda _snapshot: self.definitions.microflows,
        )

    def _find_callee(self, name: str, _snapshot: str = "") -> Callee | None:
        flow = self.definitions.microflows.get(name)
        if flow is None:
            return None
        return Callee(flow=flow, business_objects=self.definitions.business_objects, get_plan=lambda: self.plan(name))

    def plan(self, name: str) -> Plan:
        """Compile a flow."""
        return compile_flow(
            self.definitions.microflows[name], self.library, self.definitions.document_of_microflow(name)
        )

    async def call(self, sources: ProcessResources, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """Run a flow with the JSON values of its inputs."""
        plan = self.plan(name)
        frame = read_inputs(plan, given, ANYBODY, Notes())
        reply = await perform(Run(plan, frame, ANYBODY, sources, RunLimits(), "0" * 32))
        return dict(json.loads(reply, parse_float=Decimal, parse_int=Decimal))


BENCHES = {name: Bench(name) for name in ("Demo", "Tracking")}
CASES = [
    pytest.param(app, flow.name, test, id=f"{app}/{flow.name}: {test.name}")
    for app, bench in BENCHES.items()
    for flow in bench.definitions.microflows.values()
    for test in flow.tests
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the apps' databases once."""
    folder = tmp_path_factory.mktemp("home")
    for bench in BENCHES.values():
        DataSources(Settings(home=folder)).prepare_at_once(bench.library.app, bench.definitions.file_content)
    return folder


@pytest.fixture
async def sources(home: Path) -> AsyncIterator[ProcessResources]:
    """Open what the apps' flows ask for: their databases, and a cache."""
    opened = ProcessResources(Settings(home=home), MemoryStore())
    yield opened
    await opened.close()


@pytest.mark.parametrize("app", list(BENCHES))
def test_an_app_compiles_without_faults(app: str) -> None:
    """Every definition of the apps passes the whole check."""
    bench = BENCHES[app]
    definitions = bench.definitions
    faults = list(definitions.faults)
    for name, business_object in definitions.business_objects.items():
        document = definitions.document_of_business_object(name)
        faults += check_business_object(business_object, definitions.business_objects, document)
    for name, flow in definitions.microflows.items():
        faults += CheckedFlow(flow, bench.library, definitions.document_of_microflow(name)).faults
    assert [fault.one_line() for fault in faults] == []


@pytest.mark.parametrize(("app", "flow", "case"), CASES)
async def test_a_flow_answers_as_its_tests_say(app: str, flow: str, case: FlowTest, sources: ProcessResources) -> None:
    """A call gives exactly what is expected, or fails with the words that are expected."""
    if case.expected_error is not None:
        with pytest.raises(ExecutionError) as failed:
            await BENCHES[app].call(sources, flow, case.input)
        assert case.expected_error in failed.value.message
    else:
        assert await BENCHES[app].call(sources, flow, case.input) == case.expected


async def test_a_month_is_nested_three_lists_deep(sources: ProcessResources) -> None:
    """The nested answer says the same as the flat rows: every day of every member, with all activities and exact sums."""
    given = {"param_work_my_calendar": {"as_year": "2026", "as_month": "03", "employee_code": "640003"}}
    reply = await BENCHES["Demo"].call(sources, "work_group_schedule_of_my_calendar", given)
    (schedule,) = reply["SchedM"]
    assert len(schedule["wGSchedule"]) == 8
    for member in schedule["wGSchedule"]:
        assert len(member["dWork"]) == 31
        activities = [activity["day_activityP"] for day in member["dWork"] for activity in day["state_nameP"]]
        shifts = sum(activity.startswith("กะ") for activity in activities)
        overtimes = sum(activity == "ล่วงเวลา" for activity in activities)
        leaves = sum(activity == "ลาพักร้อน" for activity in activities)
        assert shifts + overtimes + leaves == len(activities)
        assert any(not day["state_nameP"] for day in member["dWork"])
        hours = member["state_name_Pl"]
        assert hours["working_hour"] == shifts * Decimal("7.5")
        assert hours["rlv_adm_hour"] == leaves * Decimal("7.5")
        assert hours["ot_hour"] == overtimes * (Decimal("2.5") if int(member["employee_id"]) % 2 == 0 else Decimal(2))
