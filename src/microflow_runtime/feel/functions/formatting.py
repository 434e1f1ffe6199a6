"""Functions that write numbers and dates for people, and JSON for machines. None is of the standard."""

import re
from typing import Final

from microflow_runtime.feel.calendar import DAY_NANOS, NANOS
from microflow_runtime.feel.date_format import format_moment
from microflow_runtime.feel.faults import Failure
from microflow_runtime.feel.functions.signature import CAMUNDA, OURS, BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.json_text import from_json, to_json
from microflow_runtime.feel.number_format import format_by
from microflow_runtime.feel.temporal import DateTime
from microflow_runtime.feel.temporal_parse import parse_time
from microflow_runtime.feel.types import ANY, DATE, DATE_TIME, NUMBER, STRING, TIME, optional

_OFFSET: Final = re.compile(r"[Zz]|[+-][0-9]{2}:[0-9]{2}\Z")


def in_zone(moment: DateTime, zone: str) -> DateTime:
    """Give the same moment as the clocks of a zone show it, or clocks with a fixed offset."""
    try:
        if not _OFFSET.match(zone):
            return moment.in_zone(zone)
        offset = parse_time("00:00:00" + zone).offset or 0
    except ValueError as error:
        raise Failure(str(error)) from error
    there = moment.in_zone("UTC")
    days, nanos = divmod(there.days * DAY_NANOS + there.nanos + offset * NANOS, DAY_NANOS)
    return DateTime(days, nanos, offset)


_PATTERN: Final = takes("pattern", STRING)
_DATE_LETTERS: Final = "letters as in Java (`yyyy MM dd HH mm ss SSS`, `MMM` and `EEE` for names in English, `a`, `XXX` for the offset, `VV` for the zone), text in single quotes"

FORMATTING: Final = (
    BuiltIn(
        "format number", "Writes a number by a pattern as in Java and spreadsheets: `0` a digit, `#` a digit that may be left out, `,` between groups, `%` per cent, text in single quotes. It rounds half to even.",
        (Signature((takes("number", NUMBER), _PATTERN, may_take("grouping separator", optional(STRING)), may_take("decimal separator", optional(STRING))), STRING, format_by),),
        (('format number(1234.5, "#,##0.00")', '"1,234.50"'), ('format number(1234.5, "#,##0.00", ".", ",")', '"1.234,50"'), ('format number(0.125, "0.0%")', '"12.5%"')),
        extension=OURS,
    ),
    BuiltIn(
        "format date", f"Writes a date, with its time where it has one, by a pattern: {_DATE_LETTERS}.",
        (Signature((takes("date", DATE, DATE_TIME), _PATTERN), STRING, format_moment),),
        (('format date(@"2025-01-31", "dd.MM.yyyy")', '"31.01.2025"'), ('format date(@"2025-01-31T15:05:00", "EEE d MMM, h:mm a")', '"Fri 31 Jan, 3:05 PM"')),
        extension=OURS,
    ),
    BuiltIn(
        "format time", "Writes a time of day by a pattern; letters as of `format date`.",
        (Signature((takes("time", TIME, DATE_TIME), _PATTERN), STRING, format_moment),), (('format time(@"15:05:00", "HH:mm")', '"15:05"'),), extension=OURS,
    ),
    BuiltIn(
        "in zone", "Gives the same moment as the clocks of a zone show it, or those with an offset (`Z`, `+07:00`). One without an offset is of the app's zone.",
        (Signature((takes("date and time", DATE_TIME), takes("zone", STRING)), DATE_TIME, in_zone),),
        (
            ('string(in zone(@"2025-07-01T12:00:00Z", "Europe/Berlin"))', '"2025-07-01T14:00:00@Europe/Berlin"'),
            ('string(in zone(@"2025-07-01T14:00:00@Europe/Berlin", "Z"))', '"2025-07-01T12:00:00Z"'),
        ),
        constant=False, extension=OURS,
    ),
    BuiltIn(
        "to json", "Writes a value as JSON without blanks: numbers with their digits, dates, times and durations as text.",
        (Signature((takes("value", optional(ANY)),), STRING, to_json),), (('to json({a: 1.50, on: @"2025-01-31"})', '"{\\"a\\":1.50,\\"on\\":\\"2025-01-31\\"}"'), ("to json(null)", '"null"')), extension=CAMUNDA,
    ),
    BuiltIn(
        "from json", "Reads JSON: objects become contexts, arrays lists, numbers keep their digits; dates stay text. The bounds are those of a request's body.",
        (Signature((takes("value", STRING),), ANY, from_json),), (('from json("{\\"a\\": [1.50, null]}")', "{a: [1.50, null]}"),), extension=CAMUNDA,
    ),
)  # fmt: skip
