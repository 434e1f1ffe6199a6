"""Variables that an environment of an app lacks."""

import pytest
from tests.unit.small_apps import source_of

from microflow_runtime.compiler.reading import read_definitions
from microflow_runtime.compiler.reading.environments import find_lacking_variables
from microflow_runtime.errors import Fault

APP = """
app: Shop
version: v.1.0.0
data_sources:
  orders: {url: "{orders_url}", settings: {isolation: "{isolation}"}}
connections:
  fx: {url: "{fx_url}"}
environments:
  DEV: {variables: {orders_url: "sqlite:///dev.db", isolation: serializable, fx_url: "http://dev.example"}}
  PROD: {variables: {order_url: "sqlite:///prod.db", fx_url: "http://prod.example"}}
"""


def found(environment: str | None = None, *given: str) -> list[Fault]:
    """Give what is found."""
    return list(find_lacking_variables(read_definitions(source_of(APP)), environment, given))


def told(faults: list[Fault]) -> list[tuple[str, bool, int]]:
    """Give the message, whether it is an error, and the line of each."""
    return [(fault.message, fault.is_error, fault.place.line if fault.place else 0) for fault in faults]


def test_an_environment_that_lacks_a_variable_is_odd() -> None:
    """Each place that names the variable is told once for each environment, with the name that was meant."""
    faults = found()
    assert told(faults) == [
        ("The environment `PROD` has no variable `orders_url`", False, 4),
        ("The environment `PROD` has no variable `isolation`", False, 4),
    ]
    assert faults[0].help == "did you mean `order_url`?"
    assert faults[1].help == "add `isolation` to the variables of PROD, or let the operator give it"
    assert {fault.code for fault in faults} == {"MF-D034"}


@pytest.mark.parametrize(
    ("environment", "given", "errors"),
    [
        ("DEV", (), []),
        ("PROD", (), ["orders_url", "isolation"]),
        ("PROD", ("isolation",), ["orders_url"]),
        ("PROD", ("isolation", "orders_url"), []),
        ("UAT", (), ["orders_url", "isolation", "fx_url"]),
        ("UAT", ("orders_url", "isolation", "fx_url"), []),
    ],
)
def test_in_the_chosen_environment_it_is_wrong(environment: str, given: tuple[str, ...], errors: list[str]) -> None:
    """There it is an error, also when the app does not know the environment, unless the operator gives the value."""
    assert [fault.found for fault in found(environment, *given) if fault.is_error] == errors


def test_an_app_that_cannot_be_read_lacks_nothing() -> None:
    """What is wrong with it is told elsewhere."""
    assert find_lacking_variables(read_definitions(source_of("app: Shop")), "DEV") == ()
