"""An app in the environment of a server."""

from typing import Any

from microflow_runtime.model.app import App, Environment
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.settings import Settings

APP = App(
    name="Shop",
    version="v.1.0.0",
    environments={
        "DEV": Environment(name="DEV", variables={"url": "dev", "size": "1"}),
        "PROD": Environment(name="PROD"),
    },
)


def _variables(*given: str, **settings: Any) -> dict[str, str]:
    app = in_environment(APP, Settings(variables=given, **settings))
    return app.environments[app_environment(settings)].variables


def app_environment(settings: dict[str, Any]) -> str:
    """Give the environment that the settings name."""
    return str(settings.get("environment", "DEV"))


def test_without_values_of_the_operator_the_app_stays_as_it_is() -> None:
    """It is the very same record."""
    assert in_environment(APP, Settings()) is APP


def test_the_operator_s_value_wins() -> None:
    """The others stay, as do those of other environments."""
    assert _variables("url=own=x") == {"url": "own=x", "size": "1"}
    assert in_environment(APP, Settings(variables=("url=own",))).environments["PROD"] == APP.environments["PROD"]


def test_a_value_for_one_app_wins_over_one_for_all() -> None:
    """And that of another app is not taken."""
    assert _variables("Shop/url=mine", "url=all", "Other/size=9") == {"url": "mine", "size": "1"}


def test_an_environment_that_the_app_does_not_know_consists_of_the_operator_s_values() -> None:
    """So one package serves where its author has never been."""
    assert _variables("url=uat", environment="UAT") == {"url": "uat"}
