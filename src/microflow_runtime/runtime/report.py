"""What a refresh touched, in the figures that classAction answers with."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from microflow_runtime.compiler import types_of
from microflow_runtime.runtime.catalog import Catalog
from microflow_runtime.runtime.manifest import FlowRecord, Place


class _Counted(msgspec.Struct, frozen=True):
    """What stands behind some flows; see RefreshReport."""

    uses: int = 0
    objects: int = 0
    fields: int = 0
    classes: int = 0


class Overridden(msgspec.Struct, frozen=True, kw_only=True):
    """What answers in the place of an app's folder: a version, since when, and who activated it.

    `silent` counts the folder's flows that do not answer, of `flows`. `at` is None when the history does not tell.
    """

    app: str
    version: str
    at: datetime | None
    actor: str
    silent: int
    flows: int

    def sentence(self) -> str:
        """Say it, with what to do."""
        what = "it does not answer" if self.silent == self.flows else f"{self.silent} of its {self.flows} flows do not"
        when = f" on {self.at:%Y-%m-%d %H:%M} UTC by {self.actor}" if self.at is not None else ""
        return (
            f"The folder of {self.app} was read, but {what}: {self.version} was activated{when}. "
            f'To let the folder answer: microflow activate "{self.app}" working'
        )


class RefreshReport:
    """The figures of one refresh, counted when the first is asked for: refreshCache tells none.

    Each counts what the call read, checked or generated anew for the flows it was about. `definitions` are flows;
    `business_objects` the uses of Business Objects as input, output or variable of these flows;
    `business_object_definitions` the distinct definitions behind them, fields' types included; `field_maps` one for each
    of those definitions; `fields` all their fields; `classes` the classes generated, for every flow its own.
    """

    def __init__(
        self,
        *,
        epoch: int,
        changed: bool,
        catalog: Catalog | None = None,
        records: Sequence[FlowRecord] | Callable[[], Sequence[FlowRecord]] = (),
    ) -> None:
        self.epoch = epoch
        self.changed = changed
        self.overridden: tuple[Overridden, ...] = ()
        """The apps whose folder was read and does not answer."""
        self._catalog = catalog
        self._given = records

    @cached_property
    def _records(self) -> Sequence[FlowRecord]:
        return self._given() if callable(self._given) else self._given

    @property
    def flows(self) -> tuple[str, ...]:
        """The names of the flows."""
        return tuple(record.name for record in self._records)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the flows stand in the catalog."""
        return tuple(record.place for record in self._records)

    @property
    def definitions(self) -> int:
        """How many flows."""
        return len(self._records)

    @property
    def business_objects(self) -> int:
        """How many uses of Business Objects."""
        return self._counted.uses

    @property
    def business_object_definitions(self) -> int:
        """How many definitions behind them."""
        return self._counted.objects

    @property
    def field_maps(self) -> int:
        """How many maps of fields."""
        return self._counted.objects

    @property
    def fields(self) -> int:
        """How many fields."""
        return self._counted.fields

    @property
    def classes(self) -> int:
        """How many classes."""
        return self._counted.classes

    @cached_property
    def _counted(self) -> _Counted:
        return _Counted() if self._catalog is None else _count(self._catalog, self._records)


def report_on(
    catalog: Catalog, records: Sequence[FlowRecord] | Callable[[], Sequence[FlowRecord]], *, changed: bool
) -> RefreshReport:
    """Report on flows, which may be listed only when somebody asks for a figure."""
    return RefreshReport(epoch=catalog.epoch, changed=changed, catalog=catalog, records=records)


def _count(catalog: Catalog, records: Sequence[FlowRecord]) -> _Counted:
    fields_of: dict[str, int] = {}
    uses = 0
    classes = 0
    for record in records:
        flow = catalog.flow_of(record)
        objects = catalog.business_objects_of(record)
        uses += sum(not ref.is_simple for ref in types_of(flow))
        classes += len(objects)
        for name, definition in objects.items():
            fields_of[record.business_objects[name]] = len(definition.fields)
    return _Counted(uses, len(fields_of), sum(fields_of.values()), classes)
