"""To whom a version of a flow is open."""

import pytest

from microflow_runtime.runtime.manifest import FlowRecord
from microflow_runtime.runtime.opening import Opening, opening_of


def _record(
    snapshot: str, anonymous: str | None, runs_as: str | None, *, active: bool, app: str = "Shop"
) -> FlowRecord:
    return FlowRecord(
        app=app, name="Say", id="0", version=snapshot, snapshot=snapshot, app_hash="a", flow_hash="f",
        business_objects={}, callees=(), key="", origin="full", active=active, anonymous_as=anonymous, runs_as=runs_as,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("own", "now", "opening"),
    [
        (("guest", None), ("guest", None), Opening("guest", lacks_runs_as=False)),
        (("guest", None), (None, None), Opening(None, lacks_runs_as=False)),
        (("guest", None), ("other", None), Opening(None, lacks_runs_as=False)),
        ((None, None), ("guest", None), Opening(None, lacks_runs_as=False)),
        ((None, "robot"), (None, "robot"), Opening(None, lacks_runs_as=False)),
        ((None, "robot"), (None, None), Opening(None, lacks_runs_as=True)),
        ((None, "robot"), (None, "other"), Opening(None, lacks_runs_as=True)),
        ((None, None), (None, "robot"), Opening(None, lacks_runs_as=False)),
        (("guest", "robot"), ("guest", None), Opening("guest", lacks_runs_as=True)),
        (("guest", "robot"), None, Opening(None, lacks_runs_as=True)),
        ((None, None), None, Opening(None, lacks_runs_as=False)),
    ],
)
def test_an_older_version_is_as_open_as_the_active_one_too(
    own: tuple[str | None, str | None], now: tuple[str | None, str | None] | None, opening: Opening
) -> None:
    """Both must name the same account; without an active version of the flow there is none."""
    old = _record("v.1", *own, active=False)
    strange = _record("v.1", *own, active=True, app="Other")
    others = [] if now is None else [_record("v.2", *now, active=True)]
    assert opening_of(old, [strange, old, *others]) == opening
    if now is not None:
        assert opening_of(others[0], [strange, old, *others]) == Opening(now[0], lacks_runs_as=False)
