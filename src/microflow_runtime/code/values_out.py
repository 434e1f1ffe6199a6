"""What a function gives, as it travels: every number with its digits, dates in ISO form, objects as maps."""

import dataclasses
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from microflow_runtime.code.call import Months
from microflow_runtime.code.wire import CHUNK, NUMBER

_encode: Final = msgspec.msgpack.Encoder().encode
_MOST_DEPTH: Final = 64


def write_value(value: Any, most_bytes: int) -> tuple[list[bytes], bool]:
    """Give the chunks of a value, and whether it is a list. Raises ValueError for what no flow can hold, or too much of it."""
    plain = _plain(value, "what it gave", 0)
    is_list = isinstance(plain, list)
    pieces = [plain[start : start + CHUNK] for start in range(0, len(plain), CHUNK)] if is_list else [plain]
    chunks: list[bytes] = []
    size = 0
    for piece in pieces:
        chunks.append(_encode(piece))
        size += len(chunks[-1])
        if size > most_bytes:
            raise ValueError(f"what it gave has more than {most_bytes} bytes")
    return chunks, is_list


def _plain(value: Any, where: str, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float | Decimal):
        return msgspec.msgpack.Ext(NUMBER, _digits(value, where))
    if depth > _MOST_DEPTH:
        raise ValueError(f"{where} is nested deeper than {_MOST_DEPTH} levels")
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return [_plain(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(value)]
    fields = _fields(value)
    if fields is not None:
        for name in fields:
            if not isinstance(name, str):
                raise ValueError(f"{where} has the key {name!r}, which is no text")  # noqa: TRY004 - it is the value that does not fit
        return {name: _plain(item, f"{where}.{name}", depth + 1) for name, item in fields.items()}
    return _temporal(value, where)


def _digits(value: float | Decimal, where: str) -> bytes:
    """Give the digits of a number; those of a float are the shortest that stand for it."""
    number = Decimal(value) if isinstance(value, int) else Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise ValueError(f"{where} is {value}, which is no number of a flow")
    return str(number).encode()


def _fields(value: Any) -> dict[Any, Any] | None:
    """Give the fields of an object: a dict, a dataclass, a record of msgspec, or a named tuple."""
    if isinstance(value, dict):
        return value
    if isinstance(value, msgspec.Struct) and not isinstance(value, Months):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    names = getattr(value, "_fields", None)
    return dict(zip(names, value, strict=True)) if isinstance(value, tuple) and names is not None else None


def _temporal(value: Any, where: str) -> str:
    if isinstance(value, datetime | time):
        zone = value.tzinfo
        if isinstance(zone, ZoneInfo) and zone.key:
            return f"{value.replace(tzinfo=None).isoformat()}{_pass(value)}@{zone.key}"
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Months):
        return str(value)
    raise ValueError(f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which no flow can hold")


def _pass(value: datetime | time) -> str:
    """Give the offset of a time that its zone shows twice where the second is meant, nothing for any other."""
    if not value.fold or isinstance(value, time):
        return ""
    first, second = value.replace(fold=0).utcoffset(), value.utcoffset()
    if first is None or second is None or second >= first:
        return ""
    return value.isoformat().removeprefix(value.replace(tzinfo=None).isoformat())


def _duration(value: timedelta) -> str:
    sign, span = ("-", -value) if value < timedelta() else ("", value)
    fraction = f".{span.microseconds:06d}".rstrip("0") if span.microseconds else ""
    return f"{sign}P{span.days}DT{span.seconds}{fraction}S"
