"""What packages ask for and have not been granted: refused when they are deployed, by every way in, and told at a start."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, package_of

from microflow_runtime.runtime import Runtime
from microflow_runtime.runtime.grants import NotGranted
from microflow_runtime.runtime.packages import app_package_name
from microflow_runtime.runtime.publishing import deploy, fetch
from microflow_runtime.store import AppGrant

FX = "connections: {fx: {url: http://127.0.0.1:9000, auth: {type: bearer, token: {secret: fx}}}}\n"
ONE = (app_text("v.1", FX), TEXT, flow_text("Say", "1"))
LACKING = ["host http://127.0.0.1:9000", "secret fx"]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[SmallHome]:
    """Give a home without app folders."""
    made = SmallHome(tmp_path)
    yield made
    await made.close()


async def _grant(home: SmallHome, *wanted: str) -> None:
    for each in wanted:
        kind, name = each.split(" ", 1)
        grant = AppGrant(app="Shop", kind=kind, name=name, created_at=datetime.now(UTC), created_by="operator")
        await home.store.add_app_grant(grant, audit(each))


def _of_packages(runtime: Runtime) -> dict[str, bool]:
    entries = runtime.catalog.find_named("Say")
    return {entry.record.group: entry.lazy_plan.library().app.is_package for entry in entries}


@pytest.mark.parametrize("is_trial", [True, False])
async def test_a_package_that_asks_for_more_is_refused_and_audited(home: SmallHome, *, is_trial: bool) -> None:
    """Every thing is told at its place with its command; nothing is published."""
    runtime = await home.runtime()
    with pytest.raises(NotGranted) as caught:
        await deploy(runtime, package_of(*ONE), audit, is_trial=is_trial)
    first, second = caught.value.faults
    assert first.message == (
        'The package asks for the host http://127.0.0.1:9000 by the connection "fx", which Shop has not been granted'
    )
    assert (first.code, first.place and first.place.file, first.source_line) == (
        "MF-D035",
        "Shop/app.yaml",
        FX.rstrip(),
    )
    assert second.help == "the operator grants it by: microflow grant add Shop secret fx"
    assert await home.store.list_snapshots() == []
    (row,) = await home.store.list_audit()
    what = "a trial of a package" if is_trial else "a package"
    assert (row.entry.outcome, row.entry.detail) == (
        "refused",
        f"{what} that asks for what was not granted: {', '.join(LACKING)}",
    )


async def test_a_package_is_deployed_once_it_has_its_grants(home: SmallHome) -> None:
    """All of what it asks for is needed, of its own app."""
    runtime = await home.runtime()
    await _grant(home, LACKING[0])
    with pytest.raises(NotGranted) as caught:
        await deploy(runtime, package_of(*ONE), audit)
    assert [ask.name for ask in caught.value.lacking] == ["fx"]
    await _grant(home, LACKING[1])
    again = home.worker()
    await again.catch_up()
    assert (await deploy(again, package_of(*ONE), audit)).is_active


async def test_patches_and_fetched_packages_are_refused_as_well(home: SmallHome) -> None:
    """What a patch brings, and what is fetched by name, whole or flow by flow, asks as a whole package does."""
    runtime = await home.runtime()
    await deploy(runtime, package_of(app_text("v.0"), TEXT, flow_text("Say", "0")), audit)
    with pytest.raises(NotGranted):
        await deploy(runtime, package_of(ONE[0], kind="patch", base="v.0"), audit)
    with pytest.raises(NotGranted):
        await deploy(runtime, package_of(*ONE, kind="flows"), audit)
    with pytest.raises(NotGranted):
        await fetch(runtime, {app_package_name("Shop", "v.1"): package_of(*ONE)}, audit)
    code = flow_text("Say", "1").replace("{type: start, next: End}", "{type: start, next: Points}")
    code += "  Points: {type: code, function: loyalty points, next: End}\n"
    with pytest.raises(NotGranted, match='the code loyalty points by the node "Points" of "Say"'):
        await deploy(runtime, package_of(app_text("v.1"), TEXT, code), audit)
    assert [row.version for row in await home.store.list_snapshots()] == ["v.0"]


async def test_trust_belongs_to_where_a_definition_comes_from(home: SmallHome) -> None:
    """The folder of an app needs no grant; a snapshot of the very same content is a package, and both stand side by side."""
    home.write(app_text("v.1"), *ONE[1:])
    runtime = await home.runtime()
    await deploy(runtime, package_of(app_text("v.1"), *ONE[1:]), audit)
    assert _of_packages(runtime) == {"folder": False, "v.1": True}
    keys = {entry.record.key for entry in runtime.catalog.find_named("Say")}
    assert len(keys) == 1


async def test_what_was_published_without_grants_is_told_at_the_start(
    home: SmallHome, capsys: pytest.CaptureFixture[str]
) -> None:
    """A snapshot of before there were grants is served, its nodes are refused, and the log names the commands."""
    runtime = await home.runtime()
    await _grant(home, *LACKING)
    await deploy(runtime, package_of(*ONE), audit)
    for each in LACKING:
        await home.store.remove_app_grant("Shop", *each.split(" ", 1), audit(each))
    assert await home.worker().start_up() == ()
    told = capsys.readouterr()
    assert "microflow grant add Shop secret fx" in told.err + told.out
