"""The secrets that a connection has at hand: found by the names its settings give, and looked up anew after a while."""

from time import monotonic
from typing import Final

from microflow_runtime.model.http_connection import SecretName
from microflow_runtime.settings import Secret, Secrets

_SECONDS: Final = 30.0


class Keyring:
    """Keeps each secret for half a minute, so that one that the operator replaces is soon the one in use."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self._kept: dict[str, tuple[float, Secret]] = {}

    def reveal(self, name: SecretName) -> str:
        """Give the text of a secret. Raises SettingsError when there is none."""
        now = monotonic()
        kept = self._kept.get(name.secret)
        if kept is None or kept[0] < now:
            kept = self._kept[name.secret] = (now + _SECONDS, self.secrets.get(name.secret))
        return kept[1].reveal()

    def texts(self) -> list[str]:
        """Give the texts in use, so that they can be taken out of what others see."""
        return [secret.reveal() for _, secret in self._kept.values()]
