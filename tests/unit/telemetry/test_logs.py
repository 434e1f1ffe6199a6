"""Log lines."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from microflow_runtime.telemetry import configure_logs, get_log

TOKEN = "mf1_2qG_k6F2voKhhB12J1aRvII-L7p7TqCXtw2vWScydgIihB4z"


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Leave structlog as it was."""
    yield
    structlog.reset_defaults()


def test_a_line_is_one_json_object() -> None:
    """A value with line breaks stays inside its line, with time, level and room."""
    out = io.StringIO()
    configure_logs(stream=out)
    get_log("web").info("called", flow='Demo\n{"level": "error"}', took=0.5)
    (line,) = out.getvalue().splitlines()
    fields = json.loads(line)
    assert (fields["event"], fields["room"], fields["level"], fields["took"]) == ("called", "web", "info", 0.5)
    assert fields["flow"] == 'Demo\n{"level": "error"}'
    assert fields["timestamp"].endswith("Z")


def test_levels_below_are_not_written() -> None:
    """At `warning`, `info` is silent."""
    out = io.StringIO()
    configure_logs(stream=out, level="warning")
    get_log("web").info("quiet")
    get_log("web").warning("loud")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["loud"]


def test_tokens_do_not_reach_a_line() -> None:
    """A token in the event, a value or an exception is masked."""
    out = io.StringIO()
    configure_logs(stream=out)
    log = get_log("web")
    log.info(TOKEN, path=f"/x/{TOKEN}")
    try:
        int(TOKEN)
    except ValueError:
        log.exception("failed")
    assert TOKEN[4:] not in out.getvalue()


def test_the_console_shows_controls_as_escapes() -> None:
    """A caller cannot make a second line or colours in the console."""
    out = io.StringIO()
    configure_logs(stream=out, log_format="console")
    get_log("web").info("called", flow="\x1b[2J\nfake")
    (line,) = out.getvalue().splitlines()
    assert "flow=\\x1b[2J\\nfake" in line


def test_odd_values_are_written_all_the_same() -> None:
    """Lone surrogates and very long texts make a line, not an error; what was cut is counted."""
    for form in ("json", "console"):
        out = io.StringIO()
        configure_logs(stream=out, log_format=form)
        get_log("web").info("odd", name="\ud800", long="x" * 10_000, none=None)
        assert "1808 more characters" in out.getvalue()


def test_a_full_disk_of_the_log_harms_nobody() -> None:
    """A line that cannot be written is lost, and whoever logged goes on."""
    full = Path("/dev/full").open("w", encoding="utf-8", buffering=1)  # noqa: SIM115 - closing it fails as well
    try:
        with pytest.raises(OSError, match="No space left"):
            print("told to all others", file=full)
        configure_logs(stream=full)
        for _ in range(3):
            get_log("web").error("lost", why="x" * 5_000)
    finally:
        with suppress(OSError):  # what print left behind
            full.close()
