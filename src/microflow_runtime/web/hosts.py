"""Which host names a request may be for, so that a page of another name cannot be made to speak to this server."""

from typing import Final

_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_REMEMBERED: Final = 256


class Hosts:
    """The names that are answered, whatever the port behind them. `remembered` holds headers found good before."""

    def __init__(self, names: tuple[str, ...], listening: str) -> None:
        self._names = frozenset(name.lower().encode() for name in names or (*_LOOPBACK, listening))
        self.remembered: set[bytes] = set()

    def accept(self, host: bytes) -> bool:
        """Tell whether the value of a Host header names this server."""
        if host in self.remembered:
            return True
        name, colon, port = host.rpartition(b":")
        if not (colon and port.isdigit()):
            name = host
        good = name.lower() in self._names
        if good and len(self.remembered) < _REMEMBERED:
            self.remembered.add(host)
        return good
