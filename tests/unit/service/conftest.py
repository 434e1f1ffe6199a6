"""A principal that may do everything, and one that may do nothing."""

import pytest

from microflow_runtime.model.principal import Principal
from microflow_runtime.security import ACCESSES


@pytest.fixture
def operator() -> Principal:
    """Give somebody with every right."""
    grants = frozenset((kind, "*", access) for kind, accesses in ACCESSES.items() for access in accesses)
    return Principal(username="operator", grants=grants)


@pytest.fixture
def stranger() -> Principal:
    """Give somebody with a session and no right."""
    return Principal(username="stranger", session_id="s")
