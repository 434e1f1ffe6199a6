"""What a principal may."""

import pytest

from microflow_runtime.model.principal import Principal, every_of


@pytest.mark.parametrize(
    ("granted", "name", "may"),
    [
        ("Demo/Rate", "Demo/Rate", True),
        ("Demo/Rate", "Demo/Other", False),
        ("*", "Demo/Rate", True),
        ("*", "Demo", True),
        ("Demo/*", "Demo/Rate", True),
        ("Demo/*", "Demo/Rate/More", True),
        ("Demo/*", "Demos/Rate", False),
        ("Demo/*", "Other/Demo/Rate", False),
        ("Demo/*", "Demo", False),
        ("Demo/R*", "Demo/Rate", False),
        ("*/Rate", "Demo/Rate", False),
        ("*/*", "Demo/Rate", False),
    ],
)
def test_a_name_is_exact_or_all_of_an_app_or_all(granted: str, name: str, may: bool) -> None:
    """Nothing else in a name is a pattern; another type or access is not meant."""
    principal = Principal(username="suda", grants=frozenset({("microflow", granted, "execute")}))
    assert principal.may("microflow", name, "execute") is may
    assert not principal.may("microflow", name, "view")
    assert not principal.may("connection", name, "execute")


def test_every_of_an_app() -> None:
    """The first slash ends the app."""
    assert every_of("Demo/Exchange/Rate") == "Demo/*"
