"""The address of the server: taken by the supervisor, inherited by every worker."""

import errno
import socket
import time
from typing import Final

from microflow_runtime.settings import Settings

_TRY_SECONDS: Final = 0.05


def bind(settings: Settings, *, patience_seconds: float = 0.0) -> socket.socket:
    """Take the address; until somebody listens, callers are refused. Raises OSError.

    The patience is for the workers of a server that was killed: they let go of the address as soon as they notice.
    """
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            return _bind(settings)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > give_up_at:
                raise
        time.sleep(_TRY_SECONDS)


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError:
        listening.close()
        raise
    return listening
