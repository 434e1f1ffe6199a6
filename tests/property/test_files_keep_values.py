"""Values at random in files of every format: what is written is read as the same, or refused when it is written."""

import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microflow_runtime.compiler.business_objects import build_classes
from microflow_runtime.errors import NodeError
from microflow_runtime.feel import parse_date, parse_date_time, parse_duration, parse_time
from microflow_runtime.formats import Layout, RecordReader, write_records
from microflow_runtime.formats.layout import Column
from microflow_runtime.model.business_object import BusinessObject, Field
from microflow_runtime.model.type_ref import TypeRef

VALUES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "string": st.one_of(st.text(max_size=12), st.text('_x005FfDd\r\n\t";, =\\0', max_size=14)),
    "decimal": st.one_of(
        st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda number: Decimal(repr(number))),
    ),
    "integer": st.integers(-(10**25), 10**25).map(Decimal),
    "boolean": st.booleans(),
    "date": st.dates().map(lambda day: parse_date(day.isoformat())),
    "date-time": st.datetimes().map(lambda moment: parse_date_time(moment.isoformat())),
    "time": st.times().map(lambda time: parse_time(time.isoformat())),
    "duration": st.integers(0, 10**9).map(lambda seconds: parse_duration(f"PT{seconds}S")),
}
_FIELDS: Final = tuple(Field(name=kind.replace("-", ""), type=TypeRef(kind, is_optional=True)) for kind in VALUES)
_CLASS: Final = build_classes([BusinessObject(name="Row", fields=_FIELDS)])["Row"]
_RECORDS: Final = st.lists(
    st.fixed_dictionaries({kind.replace("-", ""): st.one_of(st.none(), values) for kind, values in VALUES.items()}),
    max_size=4,
)


def _layout(kind: str, **more: Any) -> Layout:
    places: dict[str, list[Any]] = {
        "fixed width": [(60 * index, 60 * (index + 1)) for index in range(len(_FIELDS))],
        "xml": [(field.name,) for field in _FIELDS],
    }
    named = places.get(kind, [field.name for field in _FIELDS])
    columns = tuple(
        Column(field=field, label=field.name, place=place) for field, place in zip(_FIELDS, named, strict=True)
    )
    return Layout(format=kind, bo_class=_CLASS, columns=() if kind == "json lines" else columns, **more)


LAYOUTS: Final = {
    "delimited": _layout("delimited"),
    "delimited without quotes": _layout("delimited", quote="", separator="\t"),
    "delimited with decimal commas": _layout("delimited", separator=";", decimal_sign=",", dates="DD/MM/YYYY"),
    "delimited in an old encoding": _layout("delimited", encoding="iso-8859-15"),
    "fixed width": _layout("fixed width", header=False),
    "xlsx": _layout("xlsx"),
    "xml": _layout("xml"),
    "json lines": _layout("json lines"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_written_is_read_as_the_same_or_refused(name: str) -> None:
    """A cell does not tell an empty text from nothing: these two are one in tables."""
    layout = LAYOUTS[name]

    @settings(max_examples=60, deadline=None)
    @given(_RECORDS)
    def check(records: list[dict[str, Any]]) -> None:
        target = io.BytesIO()
        try:
            write_records(target, layout, records, "f", lambda: None, header=layout.header)
        except NodeError:
            return
        read = RecordReader(io.BytesIO(target.getvalue()), layout, "f").take(100)
        wanted = [
            record for record in map(_as_table_has_it if layout.columns else dict, records) if _is_there(record, layout)
        ]
        assert read == wanted

    check()


def _as_table_has_it(record: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value == "" else value for name, value in record.items()}


def _is_there(record: dict[str, Any], layout: Layout) -> bool:
    """Whether a row is more than blanks: one that holds nothing at all is none."""
    return layout.format in {"json lines", "xml"} or any(value is not None for value in record.values())
