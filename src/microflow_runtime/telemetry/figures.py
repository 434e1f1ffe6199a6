"""Figures of one worker. What happens on every call only adds to plain numbers; the text is made when it is asked for."""

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets of a call's duration, in seconds; what took longer falls into one more."""


class FlowRecorder:
    """The figures of one flow. Bind it once (`Metrics.bind_flow`), then call `record` for every call.

    Belongs to the thread of the event loop; `buckets` counts calls by duration, not cumulated.
    """

    __slots__ = ("app", "buckets", "errors", "flow", "seconds")

    def __init__(self, app: str, flow: str) -> None:
        self.app = app
        self.flow = flow
        self.errors = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(BOUNDS) + 1)

    def record(self, ok: bool, seconds: float) -> None:  # noqa: FBT001 - called on every call, by position
        """Count one call, whether it succeeded, and how long it took."""
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        if not ok:
            self.errors += 1


class Figures:
    """All figures of one worker. `worker` tells its series from those of the other workers on the same machine.

    `refusals` counts by HTTP status, `logins` and `refreshes` by outcome. Only names of flows that exist become
    labels, so that a caller cannot make new series.
    """

    def __init__(self, worker: str = "0") -> None:
        self.worker = worker
        self.flows: dict[tuple[str, str], FlowRecorder] = {}
        self.refusals: Counter[int] = Counter()
        self.logins: Counter[str] = Counter()
        self.refreshes: Counter[str] = Counter()
        self.epoch = 0
        self.under_way = 0

    def bind_flow(self, app: str, flow: str) -> FlowRecorder:
        """Give the recorder of a flow that exists; the same one for the same names, whatever is refreshed."""
        key = (app, flow)
        recorder = self.flows.get(key)
        if recorder is None:
            recorder = self.flows[key] = FlowRecorder(app, flow)
        return recorder

    def record_call(self, app: str, flow: str, ok: bool, seconds: float) -> None:  # noqa: FBT001 - as FlowRecorder.record
        """Count one call of a flow by its names; `bind_flow` saves the look-up."""
        self.bind_flow(app, flow).record(ok, seconds)
