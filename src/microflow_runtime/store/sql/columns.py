"""The types of columns: texts and moments that every database keeps alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, String, Text, TypeDecorator

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: the same in every database, and it sorts."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn an aware moment into microseconds."""
        return None if value is None else microseconds_of(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn microseconds into an aware moment."""
        return None if value is None else _START + timedelta(microseconds=value)


class Name(TypeDecorator[str]):
    """A text of bounded length, in characters. What one of the databases cannot keep, all of them refuse."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.most = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the text as it is. Raises ValueError for a NUL, and for one that is too long."""
        if value is not None and len(value) > self.most:
            raise ValueError(f"a text of more than {self.most} characters cannot be kept here")
        return refuse_nul(value)


class Words(TypeDecorator[str]):
    """A text of any length, without NUL as a Name is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Give the text as it is. Raises ValueError for a NUL."""
        return refuse_nul(value)


def microseconds_of(moment: datetime) -> int:
    """Give an aware moment as it is kept."""
    return (moment - _START) // _MICROSECOND


def refuse_nul(text: str | None) -> str | None:
    """Give the text as it is. Raises ValueError when it holds a NUL."""
    if text is not None and "\0" in text:
        raise ValueError("a text with the character NUL cannot be kept")
    return text
