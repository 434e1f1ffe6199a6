"""Writes the audit: at once and for sure for what changes something, bounded for refusals."""

import re
from collections import OrderedDict

from microflow_runtime.errors import MicroflowError
from microflow_runtime.model.principal import Principal
from microflow_runtime.security.clock import Clock
from microflow_runtime.store import AuditEntry, Store
from microflow_runtime.telemetry import get_log, mask_tokens

REFUSAL_SECONDS = 60.0
_MOST_REFUSALS = 1_000
_MOST_CHARACTERS = 1_000
_UNFIT = re.compile(r"[\ud800-\udfff\x00]")

_log = get_log("security")


class Auditor:
    """Makes entries with the time of a clock, masked and cut to size, and writes them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._refused_at: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def make(
        self,
        actor: Principal | str,
        action: str,
        object_type: str = "",
        object_name: str = "",
        *,
        outcome: str = "done",
        address: str = "",
        detail: str = "",
    ) -> AuditEntry:
        """Make an entry of now."""
        return AuditEntry(
            at=self._clock.now(),
            actor=_clean(actor if isinstance(actor, str) else actor.username),
            action=action,
            object_type=object_type,
            object_name=_clean(object_name),
            outcome=outcome,
            address=_clean(address),
            detail=_clean(detail),
        )

    async def write(self, entry: AuditEntry) -> None:
        """Write an entry. Raises StoreError; then what it speaks of must not happen."""
        await self._store.append_audit(entry)

    async def note_refusal(self, entry: AuditEntry) -> None:
        """Write a refusal unless the like was written in the last minute. A store that fails is logged, not raised."""
        key = (entry.actor, entry.action, entry.object_type, entry.object_name)
        moment = self._clock.monotonic()
        if moment - self._refused_at.get(key, float("-inf")) < REFUSAL_SECONDS:
            return
        self._refused_at[key] = moment
        self._refused_at.move_to_end(key)
        if len(self._refused_at) > _MOST_REFUSALS:
            self._refused_at.popitem(last=False)
        try:
            await self._store.append_audit(entry)
        except MicroflowError as cause:
            _log.warning("refusal not audited", action=entry.action, reason=cause.message)


def _clean(text: str) -> str:
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", mask_tokens(text))[:_MOST_CHARACTERS]
