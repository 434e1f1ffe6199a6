"""How often workers ended as soon as they started, and how long to wait before the next try."""

from typing import Final

SERVED_SECONDS: Final = 2.0
"""A worker that took connections for this long was sound: what ended it has nothing to do with its start."""
MOST_ATTEMPTS: Final = 6
FIRST_ATTEMPTS: Final = 3
"""Attempts of a server that has not served yet: somebody sits before it, or a service manager tries again."""
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0


class Attempts:
    """Counts the starts in a row that came to nothing, for each number of a worker."""

    def __init__(self, numbers: int) -> None:
        self._failed = dict.fromkeys(range(numbers), 0)

    def note_end(self, number: int, served_seconds: float) -> float:
        """Note that a worker ended after it served for so long; give the seconds to wait before the next start.

        One that was sound is started again at once, and so is one that failed for the first time.
        """
        if served_seconds >= SERVED_SECONDS:
            self._failed[number] = 0
            return 0.0
        self._failed[number] += 1
        if self._failed[number] == 1:
            return 0.0
        return min(_FIRST_PAUSE_SECONDS * 2.0 ** (self._failed[number] - 2), _LONGEST_PAUSE_SECONDS)

    def failed(self, number: int) -> int:
        """Give how many starts in a row came to nothing."""
        return self._failed[number]

    def are_hopeless(self, *, has_served: bool) -> bool:
        """Tell whether every worker has failed so often in a row that there is no point in going on."""
        return min(self._failed.values()) >= (MOST_ATTEMPTS if has_served else FIRST_ATTEMPTS)
