"""The oracle of the versions finds what it is there to find."""

from typing import Any

import pytest
from tests.integration.version_oracle import Call, Oracle, answers_of


@pytest.fixture
def oracle() -> Oracle:
    """Give an oracle of two changes: sent at 100 and answered at 200, sent at 300 and answered at 400."""
    made = Oracle(0, answers_of({"Answer": 2, "Extra": 2}), 5)
    made.change(100, 200, answers_of({"Answer": 3, "Extra": 3}), 6)
    made.change(300, 400, answers_of({"Answer": 4}), 7)
    made.snapshots["v.0.3.0"] = answers_of({"Answer": 3, "Inner": 3, "Outer": 5, "Pinned": 3})
    return made


def kinds(oracle: Oracle, began: int, ended: int, number: int | None, **more: Any) -> list[str]:
    """Judge one call of Answer that gave a number."""
    outputs = None if number is None else {"number": number, "outer": None}
    call = Call(
        **{"worker": "0", "flow": "Answer", "snapshot": "", "outputs": outputs, "epoch": 9} | more,
        began=began,
        ended=ended,
    )
    return [verdict.kind for verdict in oracle.judge([call])]


@pytest.mark.parametrize(
    ("began", "ended", "right"),
    [
        (10, 90, {2}),
        (10, 150, {2, 3}),
        (150, 160, {2, 3}),
        (150, 250, {2, 3}),
        (201, 299, {3}),
        (201, 350, {3, 4}),
        (150, 350, {2, 3, 4}),
        (401, 402, {4}),
    ],
)
def test_which_answers_are_right(oracle: Oracle, began: int, ended: int, right: set[int]) -> None:
    """A call that overlaps a change may have met either side of it, any other only the one."""
    assert {number for number in (2, 3, 4) if not kinds(oracle, began, ended, number)} == right


def test_a_stale_answer_is_found(oracle: Oracle) -> None:
    """One answer of the version before, one nanosecond after the change was answered, is stale."""
    assert kinds(oracle, 201, 202, 2) == ["stale"]
    assert kinds(oracle, 401, 999, 3) == ["stale"]


def test_a_stale_answer_among_many_is_found(oracle: Oracle) -> None:
    """The one is told with the call and what would have been right."""
    calls = [Call(201, 202, "1", "Answer", "", {"number": 3, "outer": None}, 6) for _ in range(1000)]
    calls[500] = calls[500]._replace(worker="3", outputs={"number": 2, "outer": None})
    (verdict,) = oracle.judge(calls)
    assert (verdict.kind, verdict.call.worker, verdict.allowed) == ("stale", "3", ({"number": 3, "outer": None},))


def test_an_old_epoch_is_stale_whatever_the_answer(oracle: Oracle) -> None:
    """The right answer out of a catalog that was replaced is stale, too; beside the change it is not."""
    assert kinds(oracle, 201, 202, 3, epoch=5) == ["stale"]
    assert kinds(oracle, 201, 202, 3, epoch=6) == []
    assert kinds(oracle, 150, 202, 3, epoch=5) == []
    snapshot = {"snapshot": "v.0.3.0", "flow": "Inner"}
    assert kinds(oracle, 401, 402, 3, epoch=6, **snapshot) == ["stale"]


def test_an_answer_too_early_is_wrong(oracle: Oracle) -> None:
    """A version that was not sent yet cannot be met."""
    assert kinds(oracle, 10, 90, 3) == ["wrong"]


def test_a_call_that_failed_is_told(oracle: Oracle) -> None:
    """Whatever else it is, a failed call is one."""
    assert kinds(oracle, 401, 402, 4, failure="the connection was closed") == ["failed"]


def test_a_flow_that_went_and_one_that_is_missing(oracle: Oracle) -> None:
    """404 is right where the version has no such flow, and wrong where it has."""
    assert kinds(oracle, 401, 402, None, flow="Extra") == []
    assert kinds(oracle, 201, 202, None, flow="Extra") == ["wrong"]
    assert kinds(oracle, 401, 402, 3, flow="Extra") == ["stale"]


def test_a_named_snapshot_is_always_itself(oracle: Oracle) -> None:
    """A caller who names a snapshot gets it in every era, with the sub flow of its own; another answer is wrong."""
    outer = {"number": 3, "outer": 5}
    for began in (10, 250, 401):
        assert kinds(oracle, began, began + 1, None, snapshot="v.0.3.0", flow="Outer", outputs=outer) == []
    assert kinds(oracle, 401, 402, 4, snapshot="v.0.3.0") == ["stale"]
    assert kinds(oracle, 401, 402, None, snapshot="v.0.3.0", flow="Pinned", outputs={"number": 1, "outer": 3}) == []


def test_a_withdrawn_snapshot_answers_nobody(oracle: Oracle) -> None:
    """After the answer to its withdrawal a call of it is stale when it is answered, and one that is restored must be."""
    oracle.change(500, 600, answers_of({"Answer": 4}), 8, frozenset({"v.0.3.0"}))
    oracle.change(700, 800, answers_of({"Answer": 4}), 9)
    for began, ended, found, missing in (
        (401, 499, [], ["wrong"]),
        (401, 550, [], []),
        (601, 650, ["stale"], []),
        (601, 750, [], []),
        (801, 802, [], ["stale"]),
    ):
        assert kinds(oracle, began, ended, 3, snapshot="v.0.3.0") == found, began
        assert kinds(oracle, began, ended, None, snapshot="v.0.3.0") == missing, began
