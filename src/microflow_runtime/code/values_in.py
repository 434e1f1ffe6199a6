"""Arguments as a function gets them: exact numbers, Python's own dates, and a dict for each Business Object."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from microflow_runtime.code.call import Months
from microflow_runtime.code.wire import CodeTypes

Read = Callable[[Any], Any]
_FRACTION: Final = re.compile(r"\.([0-9]+)")
_MONTHS: Final = re.compile(r"(-)?P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_DAYS: Final = re.compile(r"(-)?P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?")
_decode: Final = msgspec.msgpack.Decoder().decode
_decode_types: Final = msgspec.msgpack.Decoder(CodeTypes).decode


class Readers:
    """Reads the arguments of one function by their declared types."""

    def __init__(self, types: bytes) -> None:
        declared = _decode_types(types)
        self._objects: dict[str, dict[str, Read]] = {}
        self._fields: Mapping[str, Mapping[str, str]] = declared.objects
        self._parameters = {name: self._reader(kind) for name, kind in declared.parameters.items()}
        self._is_list = {name: kind.startswith("[") for name, kind in declared.parameters.items()}

    def read(self, arguments: Mapping[str, list[bytes]]) -> dict[str, Any]:
        """Give the arguments by name. Raises ValueError for what Python cannot hold exactly."""
        given: dict[str, Any] = {}
        for name, chunks in arguments.items():
            read = self._parameters[name]
            if self._is_list[name]:
                given[name] = [item for chunk in chunks for item in read(_decode(chunk))]
            else:
                given[name] = read(_decode(chunks[0]))
        return given

    def _reader(self, kind: str) -> Read:
        if kind.startswith("["):
            read = self._reader(kind[1:-1])
            return lambda value: None if value is None else [read(item) for item in value]
        simple = SIMPLE.get(kind)
        if simple is not None:
            return lambda value: None if value is None else simple(value)
        return lambda value: None if value is None else self._object(kind, value)

    def _object(self, kind: str, value: dict[str, Any]) -> dict[str, Any]:
        fields = self._objects.get(kind)
        if fields is None:
            fields = self._objects[kind] = {name: self._reader(each) for name, each in self._fields[kind].items()}
        return {name: fields[name](item) for name, item in value.items()}


def read_time(text: str) -> time:
    """Read a time of day; a named zone stays one."""
    clock, zone = _apart(text)
    return time.fromisoformat(clock) if zone is None else time.fromisoformat(clock).replace(tzinfo=zone)


def read_moment(text: str) -> datetime:
    """Read a date and time; a named zone stays one, and an offset before it tells which of two passes is meant."""
    clock, zone = _apart(text)
    moment = datetime.fromisoformat(clock)
    if zone is None:
        return moment
    local = moment.replace(tzinfo=zone)
    is_second_pass = moment.tzinfo is not None and moment.utcoffset() != local.utcoffset()
    return local.replace(fold=1) if is_second_pass else local


def _apart(text: str) -> tuple[str, ZoneInfo | None]:
    clock, _, zone = text.partition("@")
    digits = _FRACTION.search(clock)
    if digits is not None and digits[1][6:].strip("0"):
        raise ValueError(f"Python has no nanoseconds, as {text} has")
    if digits is not None:
        clock = clock.replace(digits[0], f".{digits[1][:6]:0<6}")
    return clock, ZoneInfo(zone) if zone else None


def read_duration(text: str) -> timedelta | Months:
    """Read a duration of days and time, or one of months."""
    months = _MONTHS.fullmatch(text)
    if months is not None:
        total = int(months[2] or 0) * 12 + int(months[3] or 0)
        return Months(-total if months[1] else total)
    match = _DAYS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is no duration")
    fraction = f"{match[6] or '':0<9}"
    if fraction[6:].strip("0"):
        raise ValueError(f"Python has no nanoseconds, as {text} has")
    days, hours, minutes, seconds = (int(match[index] or 0) for index in (2, 3, 4, 5))
    found = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=int(fraction[:6]))
    return -found if match[1] else found


SIMPLE: Final[Mapping[str, Read]] = {
    "string": lambda value: value,
    "boolean": lambda value: value,
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "time": read_time,
    "date-time": read_moment,
    "duration": read_duration,
}
"""How each simple type is read from what travels."""
