"""The figures of one worker together with the way to show them."""

from microflow_runtime.telemetry.figures import Figures


class Metrics(Figures):
    """All figures of one worker, which can be rendered."""

    def render(self) -> bytes:
        """Give all figures in the text format of Prometheus, whose library is loaded when somebody asks for the first time."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import generate_latest

        from microflow_runtime.telemetry.exposition import FiguresCollector

        registry = CollectorRegistry(auto_describe=False)
        registry.register(FiguresCollector(self))
        return generate_latest(registry)
