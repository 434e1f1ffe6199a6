"""The word that changes whenever a session or a right was taken away or given, in its simplest form: one process."""


class LocalRevocation:
    """Counts changes in this process alone. A server with workers uses its shared page instead."""

    def __init__(self) -> None:
        self._changes = 0

    def read(self) -> int:
        """Give the number of changes so far."""
        return self._changes

    def bump(self) -> None:
        """Tell everybody who reads that something changed."""
        self._changes += 1
