"""What a function gets and gives: every type of a Business Object, there and back."""

from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from microflow_runtime.code import Months
from microflow_runtime.code.values_in import Readers, read_duration, read_moment, read_time
from microflow_runtime.code.values_out import write_value
from microflow_runtime.code.wire import CodeTypes
from microflow_runtime.feel import parse_date_time

_encode = msgspec.msgpack.Encoder().encode


def _back(value: Any) -> Any:
    """Give what arrives of a value, numbers as their digits."""
    chunks, is_list = write_value(value, 10_000)
    decode = msgspec.msgpack.Decoder(ext_hook=lambda code, data: (code, bytes(data).decode())).decode
    found = [decode(chunk) for chunk in chunks]
    return [item for chunk in found for item in chunk] if is_list else found[0]


def test_arguments_have_pythons_classes() -> None:
    """By the declared types, through objects that hold themselves, and lists in pieces."""
    fields = {"n": "integer", "d": "decimal", "on": "date", "next": "O", "items": "[O]", "t": "string", "b": "boolean"}
    readers = Readers(_encode(CodeTypes({"o": "O", "many": "[integer]", "none": "date"}, {"O": fields})))
    inner = {"n": "5", "d": "1.10", "on": "2026-05-19", "next": None, "items": [], "t": "5", "b": True}
    given = readers.read(
        {
            "o": [_encode({**inner, "next": inner, "items": [inner]})],
            "many": [_encode(["1", "2"]), _encode(["3"])],
            "none": [_encode(None)],
        }
    )
    plain = {"n": 5, "d": Decimal("1.10"), "on": date(2026, 5, 19), "next": None, "items": [], "t": "5", "b": True}
    assert given == {"o": {**plain, "next": plain, "items": [plain]}, "many": [1, 2, 3], "none": None}
    assert type(given["o"]["n"]) is int


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10:11:12", time(10, 11, 12)),
        ("10:11:12.5", time(10, 11, 12, 500_000)),
        ("10:11:12.123456000", time(10, 11, 12, 123_456)),
        ("10:11:12Z", time(10, 11, 12, tzinfo=UTC)),
        ("10:11:12+07:00", time(10, 11, 12, tzinfo=timezone(timedelta(hours=7)))),
        ("10:11:12@Asia/Bangkok", time(10, 11, 12, tzinfo=ZoneInfo("Asia/Bangkok"))),
    ],
)
def test_times(text: str, wanted: time) -> None:
    """A time of day and a date with one keep offset and zone."""
    assert read_time(text) == wanted
    moment = read_moment(f"2026-05-19T{text}")
    assert moment == datetime.combine(date(2026, 5, 19), wanted)
    assert moment.tzinfo == wanted.tzinfo


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-25T02:30:00+01:00@Europe/Berlin", "2026-10-25T02:30:00@Europe/Berlin", "2026-10-25T01:30:00+00:00@Europe/London",
        "2026-10-25T01:30:00@Europe/London", "2026-05-19T10:00:00@Europe/London",
    ],
)  # fmt: skip
def test_a_moment_keeps_its_pass(text: str) -> None:
    """Of an hour that comes twice a function gets the one that is meant, and gives it back."""
    moment = read_moment(text)
    assert _back(moment) == text
    assert str(parse_date_time(text)).replace("Z@", "+00:00@") == text
    assert moment.fold == ("+" in text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("P1Y2M", Months(14)),
        ("-P1M", Months(-1)),
        ("P0M", Months(0)),
        ("PT0S", timedelta()),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4, microseconds=500_000)),
        ("-PT90M", timedelta(minutes=-90)),
    ],
)
def test_durations(text: str, wanted: timedelta | Months) -> None:
    """Of days and time, and of months; what goes back means the same."""
    assert read_duration(text) == wanted
    assert read_duration(_back(wanted)) == wanted


@pytest.mark.parametrize(
    "read_it",
    [lambda: read_time("10:11:12.0000001"), lambda: read_duration("PT0.0000001S"), lambda: read_duration("P1W")],
)
def test_what_python_cannot_hold_is_an_error(read_it: Any) -> None:
    """A nanosecond is not cut away."""
    with pytest.raises(ValueError):
        read_it()


@dataclass
class _Data:
    a: int
    b: list[str]


class _Record(msgspec.Struct):
    a: int


_Pair = namedtuple("_Pair", "a b")  # noqa: PYI024 - such ones are met


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
        (True, True),
        (5, (1, "5")),
        (10**30, (1, str(10**30))),
        (Decimal("1.10"), (1, "1.10")),
        (0.1, (1, "0.1")),
        ("ก", "ก"),
        ([1, "a"], [(1, "1"), "a"]),
        ((1,), [(1, "1")]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        (_Data(1, ["x"]), {"a": (1, "1"), "b": ["x"]}),
        (_Record(1), {"a": (1, "1")}),
        (_Pair(1, 2), {"a": (1, "1"), "b": (1, "2")}),
        (date(2026, 5, 19), "2026-05-19"),
        (time(1, 2, 3), "01:02:03"),
        (datetime(2026, 5, 19, 1, 2, 3, tzinfo=UTC), "2026-05-19T01:02:03+00:00"),
        (datetime(2026, 5, 19, 1, 2, tzinfo=ZoneInfo("Asia/Bangkok")), "2026-05-19T01:02:00@Asia/Bangkok"),
    ],
)
def test_results(value: Any, wanted: Any) -> None:
    """Each number with its digits, each object by its fields."""
    assert _back(value) == wanted


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "what it gave is nan"),
        ([Decimal("Infinity")], r"what it gave\[0\] is Infinity"),
        ({"a": {1, 2}}, r"what it gave\.a is a builtins\.set"),
        ({1: "a"}, "has the key 1"),
        (b"x", "builtins.bytes"),
        ("x" * 20_000, "more than 10000 bytes"),
    ],
)
def test_results_that_no_flow_can_hold(value: Any, told: str) -> None:
    """They are named with the way to them."""
    with pytest.raises(ValueError, match=told):
        write_value(value, 10_000)


def test_a_result_without_end_is_refused() -> None:
    """A list that holds itself."""
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ValueError, match="nested deeper"):
        write_value(ring, 10_000)
