"""The figures of a worker."""

from microflow_runtime.telemetry import Metrics
from microflow_runtime.telemetry.figures import BOUNDS


def lines(metrics: Metrics) -> list[str]:
    """Give the rendered lines without comments."""
    return [line for line in metrics.render().decode().splitlines() if not line.startswith("#")]


def test_calls_are_counted_per_flow() -> None:
    """Calls, errors and the sum of seconds are those recorded, with the worker's label."""
    metrics = Metrics("3")
    recorder = metrics.bind_flow("Demo", "Exchange Rate")
    recorder.record(True, 0.002)
    recorder.record(False, 0.5)
    metrics.record_call("Demo", "Exchange Rate", True, 100.0)
    labels = '{app="Demo",flow="Exchange Rate",worker="3"}'
    rendered = lines(metrics)
    assert f"microflow_calls_total{labels} 3.0" in rendered
    assert f"microflow_errors_total{labels} 1.0" in rendered
    assert f"microflow_call_seconds_sum{labels} 100.502" in rendered
    assert f"microflow_call_seconds_count{labels} 3.0" in rendered


def test_buckets_are_cumulated_and_inclusive() -> None:
    """A call that takes exactly a bound belongs to that bucket, one beyond all to +Inf."""
    metrics = Metrics()
    for seconds in (BOUNDS[0], BOUNDS[1], BOUNDS[-1] + 1):
        metrics.record_call("Demo", "X", True, seconds)
    rendered = "\n".join(lines(metrics))
    assert f'le="{BOUNDS[0]}",worker="0"}} 1.0' in rendered
    assert f'le="{BOUNDS[1]}",worker="0"}} 2.0' in rendered
    assert f'le="{BOUNDS[-1]}",worker="0"}} 2.0' in rendered
    assert 'le="+Inf",worker="0"} 3.0' in rendered


def test_a_flow_keeps_its_recorder() -> None:
    """Binding again gives the same figures, so a refresh loses none."""
    metrics = Metrics()
    assert metrics.bind_flow("Demo", "X") is metrics.bind_flow("Demo", "X")


def test_outcomes_and_gauges_are_shown() -> None:
    """Refusals by status, logins and refreshes by outcome, epoch and executions under way."""
    metrics = Metrics()
    metrics.refusals[401] += 2
    metrics.logins["done"] += 1
    metrics.refreshes["failed"] += 1
    metrics.epoch = 7
    metrics.under_way = 4
    rendered = lines(metrics)
    assert 'microflow_refusals_total{status="401",worker="0"} 2.0' in rendered
    assert 'microflow_logins_total{outcome="done",worker="0"} 1.0' in rendered
    assert 'microflow_refreshes_total{outcome="failed",worker="0"} 1.0' in rendered
    assert 'microflow_epoch{worker="0"} 7.0' in rendered
    assert 'microflow_executions_under_way{worker="0"} 4.0' in rendered


def test_a_name_with_odd_characters_stays_one_label() -> None:
    """Quotes and line breaks in a flow's name do not break the format."""
    metrics = Metrics()
    metrics.record_call("Demo", 'a"b\nc', True, 0.1)
    assert 'flow="a\\"b\\nc"' in metrics.render().decode()
