"""Values at random in messages of web services: what goes in comes out, or is refused."""

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.nodes.soap.test_messages import service, there_and_back, typed

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.feel import parse_date, parse_date_time, parse_duration, parse_time
from microflow_runtime.nodes.soap.choice import Chosen

_TEXTS = st.text(max_size=20)
_NUMBERS = st.one_of(st.decimals(allow_nan=False, allow_infinity=False), st.integers().map(Decimal))
_TEMPORAL = {
    "date": st.dates().map(lambda day: parse_date(day.isoformat())),
    "time": st.times().map(lambda time: parse_time(time.isoformat())),
    "dateTime": st.datetimes().map(lambda moment: parse_date_time(moment.isoformat())),
    "duration": st.integers(-(10**9), 10**9).map(
        lambda seconds: parse_duration(f"{'-' if seconds < 0 else ''}PT{abs(seconds)}S")
    ),
}
_KINDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("string", "normalizedString", "token", "anyURI", "NMTOKEN", "base64Binary", "hexBinary"), _TEXTS),
    **dict.fromkeys(("decimal", "double", "integer", "int", "unsignedByte"), _NUMBERS),
    "boolean": st.booleans(),
    **_TEMPORAL,
}


@cache
def _service(kind: str) -> Chosen:
    parts = (
        f'<xs:sequence><xs:element name="one" type="xs:{kind}" minOccurs="0"/>'
        f'<xs:element name="many" type="xs:{kind}" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>'
        f'<xs:attribute name="at" type="xs:{kind}"/>'
    )
    return service(typed(parts))


@pytest.mark.parametrize("kind", sorted(_KINDS))
def test_what_goes_in_comes_out_or_is_refused(kind: str) -> None:
    """As an element, an item of a list, and an attribute."""
    chosen, values = _service(kind), _KINDS[kind]

    @settings(max_examples=60, deadline=None)
    @given(st.one_of(st.none(), values), st.lists(values, max_size=3), st.one_of(st.none(), values))
    def check(one: Any, many: list[Any], at: Any) -> None:
        sent = {"one": one, "many": many, "@at": at}
        try:
            came = there_and_back(chosen, sent)
        except Misfit:
            return
        assert came == (sent if "Binary" not in kind else {name: _packed(value) for name, value in sent.items()})

    check()


def _packed(value: Any) -> Any:
    """Return the same bytes without the blanks that their text may hold anywhere."""
    if isinstance(value, list):
        return [_packed(each) for each in value]
    return None if value is None else "".join(value.split())
