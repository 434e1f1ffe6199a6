"""Values of formulas as the texts that addresses, headers and forms are made of."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from microflow_runtime.errors import NodeError
from microflow_runtime.feel import Date, DateTime, DaysDuration, MonthsDuration, Time, format_number

TEMPORAL = (Date, Time, DateTime, DaysDuration, MonthsDuration)


def text_of(value: Any, where: str) -> str:
    """Give a single value as text: numbers in plain notation, true and false as words, dates in ISO form.

    Raises NodeError of kind `http.request` for null, a list or a context; `where` names what it was for.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format_number(value)
    if isinstance(value, TEMPORAL):
        return str(value)
    told = "null" if value is None else "a list" if isinstance(value, list) else "no single value"
    raise refused(f"{where} takes a text, number, date or truth value, not {told}")


def pairs_of(name: str, value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Give a value under its name: once for each item of a list, not at all for null."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield name, text_of(item, where)


def form_encoded(pairs: Iterator[tuple[str, str]], *, space: str = "+") -> str:
    """Encode names and values so that none can leave its place."""
    return "&".join(f"{_quoted(name, space)}={_quoted(value, space)}" for name, value in pairs)


def _quoted(text: str, space: str) -> str:
    return encoded(text).replace("%20", space)


def encoded(text: str) -> str:
    """Encode everything but letters, digits and `-._~`."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise refused("a text holds half a character, which has no encoding") from error


def refused(sentence: str) -> NodeError:
    """Give the error of a request that cannot be made."""
    return NodeError(f"{sentence}.", kind="http.request")
