"""Knows which version each call should have met while versions were changed at random, and finds the calls that met another."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

BASE_NUMBER: Final = 1
FLOWS: Final = ("Answer", "Inner", "Outer", "Pinned", "Extra")
Outputs = Mapping[str, Any] | None
Answers = Mapping[str, Outputs]


def answers_of(numbers: Mapping[str, int]) -> dict[str, Outputs]:
    """Give what each flow of a content answers, when `numbers` gives the number that is written in each.

    Outer calls Inner of its own content; Pinned calls Answer of the base, whatever its own content is.
    """
    answers: dict[str, Outputs] = {}
    for flow, own in numbers.items():
        inner = {"Outer": numbers.get("Inner"), "Pinned": BASE_NUMBER}
        answers[flow] = {"number": inner[flow], "outer": own} if flow in inner else {"number": own, "outer": None}
    return answers


class Call(NamedTuple):
    """A call as its caller noted it, times of the monotonic clock in ns. `snapshot` is "" where the caller named none.

    `outputs` is None when there is no such flow, `epoch` the one that the answer names. `failure` tells what went wrong
    otherwise.
    """

    began: int
    ended: int
    worker: str
    flow: str
    snapshot: str
    outputs: Outputs
    epoch: int
    failure: str = ""


class Era(NamedTuple):
    """From a change on, these are the answers: surely for calls that begin after `answered`, and possibly since `began`.

    The answer to the change named `epoch`. `gone` are the snapshots that were withdrawn or deleted by then.
    """

    began: int
    answered: int
    answers: Answers
    epoch: int
    gone: frozenset[str] = frozenset()


class Verdict(NamedTuple):
    """What is wrong with a call: `stale` when it met what had been replaced before it began, `failed`, or `wrong`.

    `epoch` is the one that it had to see at least.
    """

    kind: str
    call: Call
    allowed: tuple[Outputs, ...]
    epoch: int


class Oracle:
    """The eras in their order, and what the published snapshots answer. Written by one thread, judged when all have ended."""

    def __init__(self, now: int, answers: Answers, epoch: int) -> None:
        self.eras = [Era(now, now, dict(answers), epoch)]
        self.snapshots: dict[str, Answers] = {}

    def change(
        self, began: int, answered: int, answers: Answers, epoch: int, gone: frozenset[str] = frozenset()
    ) -> None:
        """Note that a change was sent at `began` and answered at `answered`, after which these are the answers."""
        self.eras.append(Era(began, answered, dict(answers), epoch, gone))

    def allowed(self, call: Call) -> tuple[Outputs, ...]:
        """Give the answers that the call may have met: the one, or several where it overlaps changes."""
        last = bisect_left(self.eras, call.ended, key=lambda era: era.began)
        return tuple(self._answer(call, era) for era in self.eras[self._promised(call) : last])

    def _answer(self, call: Call, era: Era) -> Outputs:
        if not call.snapshot:
            return era.answers.get(call.flow)
        return None if call.snapshot in era.gone else self.snapshots[call.snapshot][call.flow]

    def judge(self, calls: list[Call]) -> Iterator[Verdict]:
        """Give what is wrong with the calls."""
        for call in calls:
            kind, allowed = "", self.allowed(call)
            promised = self.eras[self._promised(call)]
            if call.failure:
                kind = "failed"
            elif call.outputs not in allowed:
                earlier = [era for era in self.eras if era.began < call.began]
                before = [era.answers.get(call.flow) for era in earlier] + [self._answer(call, era) for era in earlier]
                kind = "stale" if call.outputs in before else "wrong"
            elif call.epoch < promised.epoch:
                kind = "stale"
            if kind:
                yield Verdict(kind, call, allowed, promised.epoch)

    def _promised(self, call: Call) -> int:
        """Give the index of the last change that was answered before the call began."""
        return max(0, bisect_left(self.eras, call.began, key=lambda era: era.answered) - 1)
