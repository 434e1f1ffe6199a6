"""Lists of records without their duplicates, and sorted."""

from collections.abc import Hashable, Sequence
from typing import Any, Final

import msgspec

from microflow_runtime.errors import NodeError
from microflow_runtime.feel.faults import Failure

_DESCENDING: Final = " descending"


class Order(msgspec.Struct, frozen=True):
    """One field that records are sorted by."""

    field: str
    is_descending: bool

    @classmethod
    def of(cls, written: str) -> "Order":
        """Read `price` or `price descending`."""
        return cls(written.removesuffix(_DESCENDING).strip(), written.endswith(_DESCENDING))


def sort_records(records: list[dict[str, Any]], orders: Sequence[Order]) -> list[dict[str, Any]]:
    """Give the records in order; those without a value come last. Equal ones keep their order.

    Raises NodeError of kind `file.format` for values that have no order between them, as times with and without an offset.
    """
    for order in reversed(orders):
        name = order.field
        there = [record for record in records if record[name] is not None]
        missing = [record for record in records if record[name] is None]
        try:
            there.sort(key=lambda record: record[name], reverse=order.is_descending)
        except (TypeError, Failure) as error:
            raise NodeError(
                f"the records cannot be sorted by {name}: two values have no order.", kind="file.format"
            ) from error
        records = there + missing
    return records


class Distinct:
    """Lets each record through once. It remembers what it has seen, by the fields that are compared."""

    def __init__(self, compared: bool | Sequence[str]) -> None:  # noqa: FBT001 - as the setting is written
        self._fields = None if compared is True or compared is False else tuple(compared)
        self._seen: set[Hashable] = set()

    def of(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give the records that were not there before."""
        fresh = []
        for record in records:
            values = record.values() if self._fields is None else [record[name] for name in self._fields]
            key = tuple(map(_hashable, values))
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(record)
        return fresh


def _hashable(value: Any) -> Hashable:
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    if isinstance(value, dict):
        return tuple((name, _hashable(item)) for name, item in value.items())
    hashable: Hashable = value
    return hashable
