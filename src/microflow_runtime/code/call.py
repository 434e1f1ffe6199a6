"""What a function may know beside its arguments, and the one value that Python has no class for."""

from time import perf_counter_ns

import msgspec


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """The call that a function is part of: given to a function that has a parameter `call`.

    `username` and `roles` are those of the caller, with whose rights the flow runs. `deadline_ns` is on the clock of
    `time.perf_counter_ns`: then the process is ended, whatever the function does.
    """

    username: str = ""
    roles: tuple[str, ...] = ()
    app: str = ""
    flow: str = ""
    node: str = ""
    execution_id: str = ""
    deadline_ns: int = 0

    @property
    def seconds_left(self) -> float:
        """The time that is left, never less than nothing."""
        return max((self.deadline_ns - perf_counter_ns()) / 1e9, 0.0)


class Months(msgspec.Struct, frozen=True):
    """A duration of whole months, as FEEL's `P1Y2M` (`Months(14)`)."""

    total: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.total), 12)
        sign = "-" if self.total < 0 else ""
        return f"{sign}P{f'{years}Y' if years else ''}{f'{months}M' if months or not years else ''}"
