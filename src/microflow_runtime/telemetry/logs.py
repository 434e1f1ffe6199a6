"""Structured logs: one JSON object a line, or a line for people in which control characters are escaped."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import msgspec

from microflow_runtime.telemetry.masking import escape_controls, mask_tokens

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_MOST_CHARACTERS = 8_192


def configure_logs(*, level: str = "info", log_format: str = "json", stream: TextIO | None = None) -> None:
    """Set up the logs of this process. Call it once, before the first line; standard error when no stream is given.

    `level` is `debug`, `info`, `warning` or `error`, `log_format` is `json` or `console`.
    """
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _clean,
            _render_console if log_format == "console" else _render_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(_Lenient(stream or sys.stderr)),  # type: ignore[arg-type]  # it only writes
        cache_logger_on_first_use=False,
    )


class _Lenient:
    """A stream whose failures do not matter: a call must not fail because the disk of its log is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, or lose it."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flush, or do not."""
        with suppress(OSError):
            self._stream.flush()


def get_log(room: str) -> Any:
    """Give the logger of a room of the code, as `web` or `store`; each line carries the room's name."""
    return _Log(room)


class _Log:
    """A logger that loads what writes lines when it has one to write: most commands have none."""

    def __init__(self, room: str) -> None:
        self._room = room

    def __getattr__(self, name: str) -> Any:
        import structlog

        return getattr(structlog.get_logger(room=self._room), name)


def _clean(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask tokens in every text and cut those that are far too long for a line, saying how much was cut."""
    for key, value in line.items():
        shown = value if isinstance(value, int | float | bool) or value is None else str(value)
        if isinstance(shown, str):
            shown = mask_tokens(shown)
            if len(shown) > _MOST_CHARACTERS:
                shown = f"{shown[:_MOST_CHARACTERS]}… ({len(shown) - _MOST_CHARACTERS} more characters)"
        line[key] = shown
    return line


def _render_json(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    safe = {key: _well_formed(value) for key, value in line.items()}
    return msgspec.json.encode(safe).decode()


def _render_console(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> str:
    rest = dict(line)
    head = [str(rest.pop(key, "")) for key in ("timestamp", "level", "room", "event")]
    pairs = [f"{key}={value}" for key, value in rest.items()]
    return escape_controls(_well_formed(" ".join([head[0][11:19], f"{head[1]:<7}", f"{head[2]}:", head[3], *pairs])))


def _well_formed(value: Any) -> Any:
    """Replace lone surrogates, which no encoder takes."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
