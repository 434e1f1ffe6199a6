"""Values between formulas and MariaDB: exact numbers within its bounds, dates by the type of their column."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from asyncmy.constants import FIELD_TYPE

from microflow_runtime.feel import Date, DateTime, Time, parse_date, parse_date_time, parse_time, to_python
from microflow_runtime.runtime.data_sources.values import FINER, Convert, is_temporal, refusal, to_json

_MOST_DIGITS: Final = 65
_MOST_FRACTION: Final = 38


WORDS: Final[Mapping[int, str]] = {
    **dict.fromkeys(
        (
            FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR,
            FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE,
        ),
        "number",
    ),
    **dict.fromkeys((FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING), "string"),
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.DATETIME: "date and time",
    FIELD_TYPE.TIMESTAMP: "date and time",
}  # fmt: skip
"""The words of formulas for types of columns; a blob may be a text or bytes."""


class HexBytes:
    """Bytes on their way into a statement; written in hexadecimal, which needs no escaping."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


def escapable(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Have bytes written in hexadecimal."""
    if values is None:
        return None
    return {name: HexBytes(value) if isinstance(value, bytes) else value for name, value in values.items()}


@lru_cache(maxsize=256)
def writer(time_zone: str) -> Convert:
    """Make what gives a value as MariaDB takes it. A moment with an offset goes as the wall clock of the app's zone."""
    zone = ZoneInfo(time_zone)

    def to_driver(value: Any) -> Any:
        if value is None or isinstance(value, str | bool | bytes):
            return value
        if isinstance(value, Decimal):
            return _number(value)
        if isinstance(value, DateTime):
            return _moment(value, zone)
        if isinstance(value, Time):
            if value.nanos % 1_000:
                raise refusal(FINER.format(value=value))
            return str(value)
        if isinstance(value, Date):
            return str(_in_years(value))
        if is_temporal(value):
            raise refusal(f"MariaDB has no type for the duration {value}; give its parts as numbers.")
        if isinstance(value, list | dict):
            return to_json(value)
        raise refusal(f"SQL takes no {type(value).__name__}.")

    return to_driver


def _number(value: Decimal) -> Any:
    text = format(value, "f")
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(whole.lstrip("0")) + len(fraction) > _MOST_DIGITS or len(fraction) > _MOST_FRACTION:
        raise refusal(
            f"MariaDB cannot hold a number of more than {_MOST_DIGITS} digits, {_MOST_FRACTION} of them behind the point."
        )
    return int(text) if not fraction else value


def _in_years(day: Date) -> Date:
    if not 1 <= day.year <= 9999:
        raise refusal(f"the database cannot hold {day}: its years go from 1 to 9999.")
    return day


def _moment(value: DateTime, zone: ZoneInfo) -> str:
    if value.nanos % 1_000:
        raise refusal(FINER.format(value=value))
    if value.utc_offset is not None:
        try:
            moment = to_python(value)
            assert isinstance(moment, dt.datetime)
            there = moment.astimezone(zone)
        except (ValueError, OverflowError) as error:
            raise refusal(f"the database cannot hold {value}: its years go from 1 to 9999.") from error
        if there.fold and there.utcoffset() != there.replace(fold=0).utcoffset():
            raise refusal(
                f"MariaDB cannot hold {value}: it keeps the wall clock of {zone.key}, where {there:%H:%M} comes twice that day."
            )
        return there.replace(tzinfo=None).isoformat(" ")
    return f"{_in_years(value.date)} {Time(value.nanos)}"


@lru_cache(maxsize=256)
def readers_of(time_zone: str) -> Mapping[int, Convert]:
    """Make what reads dates and times, by the type of the column. In an hour that comes twice the first is meant."""
    zone = ZoneInfo(time_zone)

    def timestamp(text: str) -> DateTime:
        wall = _date_time(text)
        offset = dt.datetime.fromisoformat(text).replace(tzinfo=zone).utcoffset() or dt.timedelta()
        return DateTime(wall.days, wall.nanos, int(offset.total_seconds()))

    return {
        FIELD_TYPE.DATE: _date,
        FIELD_TYPE.TIME: _time,
        FIELD_TYPE.DATETIME: _date_time,
        FIELD_TYPE.TIMESTAMP: timestamp,
    }


def _date(text: str) -> Date:
    try:
        return parse_date(text)
    except ValueError as error:
        raise refusal(f"the database gave {text}, which is no date.") from error


def _date_time(text: str) -> DateTime:
    try:
        return parse_date_time(text.replace(" ", "T"))
    except ValueError as error:
        raise refusal(f"the database gave {text}, which is no date and time.") from error


def _time(text: str) -> Time:
    try:
        return parse_time(text)
    except ValueError as error:
        raise refusal(
            f"the database gave the TIME {text}, which is no time of day; select `time_to_sec` of it."
        ) from error
