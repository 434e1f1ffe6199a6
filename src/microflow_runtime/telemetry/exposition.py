"""Turns the plain numbers of `Figures` into families of Prometheus, when they are asked for."""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from microflow_runtime.telemetry.figures import BOUNDS, Figures


class FiguresCollector(Collector):
    """Reads one worker's `Figures` each time somebody asks; holds no figure itself."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Give every family with its present figures."""
        yield from self._collect_flows()
        yield from self._collect_outcomes()
        yield from self._collect_gauges()

    def _collect_flows(self) -> Iterator[Metric]:
        labels = ["worker", "app", "flow"]
        calls = CounterMetricFamily("microflow_calls", "Calls of a flow that were let in.", labels=labels)
        errors = CounterMetricFamily("microflow_errors", "Calls of a flow that ended in ERROR.", labels=labels)
        durations = HistogramMetricFamily("microflow_call_seconds", "Duration of a flow's calls.", labels=labels)
        for recorder in list(self._figures.flows.values()):
            names = [self._figures.worker, recorder.app, recorder.flow]
            cumulated = list(accumulate(recorder.buckets))
            calls.add_metric(names, cumulated[-1])
            errors.add_metric(names, recorder.errors)
            bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
            durations.add_metric(names, list(zip(bounds, cumulated, strict=True)), recorder.seconds)
        yield calls
        yield errors
        yield durations

    def _collect_outcomes(self) -> Iterator[Metric]:
        for name, doc, label, counter in (
            ("microflow_refusals", "Requests that were refused, by HTTP status.", "status", self._figures.refusals),
            ("microflow_logins", "Logins, by outcome.", "outcome", self._figures.logins),
            ("microflow_refreshes", "Refreshes of the definitions, by outcome.", "outcome", self._figures.refreshes),
        ):
            family = CounterMetricFamily(name, doc, labels=["worker", label])
            for value, count in sorted(counter.items(), key=lambda item: str(item[0])):
                family.add_metric([self._figures.worker, str(value)], count)
            yield family

    def _collect_gauges(self) -> Iterator[Metric]:
        for name, doc, value in (
            ("microflow_epoch", "Number of the catalog that this worker serves.", self._figures.epoch),
            ("microflow_executions_under_way", "Executions that run now.", self._figures.under_way),
        ):
            family = GaugeMetricFamily(name, doc, labels=["worker"])
            family.add_metric([self._figures.worker], value)
            yield family
