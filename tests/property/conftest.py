"""Formulas of these tests belong to no app, whatever other tests have computed in this thread."""

from collections.abc import Iterator

import pytest

from microflow_runtime.feel.home_zone import set_home_zone


@pytest.fixture(autouse=True)
def _without_an_app() -> Iterator[None]:
    before = set_home_zone(None)
    yield
    set_home_zone(before)
