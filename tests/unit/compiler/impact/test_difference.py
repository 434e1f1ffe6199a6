"""What differs between two versions, part by part."""

from typing import Any

import pytest
from tests.unit.app_contents import business_object, content, flow

from microflow_runtime.compiler.impact import Change, Difference, compare_apps
from microflow_runtime.model.app import Connection, DataSource, Environment
from microflow_runtime.model.microflow import Node, Retry


def details(part: str, old: Any, new: Any) -> tuple[str, ...]:
    """Give the sentences of the one change in a part."""
    (change,) = getattr(compare_apps(old, new), part)
    assert change.how == "changed"
    return change.details


def test_the_same_twice_is_no_difference() -> None:
    """Equal contents give an empty difference, and so do two versions that do not exist."""
    assert compare_apps(content(flow()), content(flow())) == Difference()
    assert compare_apps(None, None).is_empty


def test_a_first_version_adds_everything_and_a_last_one_removes_it() -> None:
    """Every part is named, in the order of names, without sentences on what is in it."""
    whole = content(
        flow("B"),
        flow("A"),
        business_object("Order"),
        data_sources={"db": DataSource(name="db", url="sqlite:///x.db")},
        connections={"fx": Connection(name="fx")},
        environments={"DEV": Environment(name="DEV")},
        files={"files/a.sql": "1"},
    )
    added = compare_apps(None, whole)
    assert added.flows == (Change(name="A", how="added"), Change(name="B", how="added"))
    for part in ("business_objects", "data_sources", "connections", "environments", "files"):
        assert [change.how for change in getattr(added, part)] == ["added"]
        assert [change.how for change in getattr(compare_apps(whole, None), part)] == ["removed"]
    assert not added.is_empty


def test_the_app_itself() -> None:
    """Version, time zone and description are told."""
    found = compare_apps(content(), content(version="v.0.2.0", time_zone="Asia/Bangkok", description="new"))
    assert found.app == (
        "Version `v.0.1.0` becomes `v.0.2.0`.",
        "Its time zone was UTC and is Asia/Bangkok.",
        "Its description changed.",
    )


def test_a_business_object_is_told_by_its_fields() -> None:
    """Fields that came, went and changed, with how they changed."""
    old = business_object(
        "Order", id="string", gone="string", count={"type": "integer", "minimum": "0", "default": 1}, note="string"
    )
    new = business_object(
        "Order",
        count={"type": "decimal", "minimum": "1", "sensitive": True},
        id={"type": "string", "description": "its number"},
        note={"type": "string?", "default": "-"},
        more="[Line]",
    )
    assert details("business_objects", content(old), content(new)) == (
        "Fields added: `more`.",
        "Fields removed: `gone`.",
        (
            "Fields changed: `id` (in its words only), `count` (`integer` to `decimal`; at least 0 to at least 1; "
            "default removed; sensitive now), `note` (`string` to `string?`; default added)."
        ),
        "The order of the fields changed.",
    )


def test_a_flow_is_told_by_its_declarations_and_nodes() -> None:
    """Parameters with their types, nodes by name, and what else it declares."""
    start, end = Node(name="Start", type="start", next="End"), Node(name="End", type="end")
    old = flow(inputs={"A": "Order"}, nodes={"Start": start, "End": end})
    new = flow(
        inputs={"A": "[Order]"},
        outputs={"B": "Order"},
        nodes={"Start": Node(name="Start", type="start", next="Done"), "Done": end},
        id="other",
        runs_as="clerk",
    )
    assert details("flows", content(old), content(new)) == (
        "Inputs changed: `A` (`Order` to `[Order]`).",
        "Outputs added: `B`.",
        "Nodes added: `Done`.",
        "Nodes removed: `End`.",
        "Nodes changed: `Start`.",
        "Its id changed.",
        "Its account that it runs as changed.",
    )


def test_many_names_are_cut_short() -> None:
    """A hundred new fields are told by the first eight and their number."""
    grown = business_object("Order", **{f"f{number}": "string" for number in range(100)})
    (sentence,) = details("business_objects", content(business_object("Order")), content(grown))
    assert sentence.endswith("`f7` and 92 more.")


@pytest.mark.parametrize("secret", ["hunter2"])
def test_values_of_settings_are_never_told(secret: str) -> None:
    """Addresses, settings and variables may be secret, so only their names are told."""
    old = content(
        data_sources={"db": DataSource(name="db", url="postgresql://a@b/c", pool_size=5)},
        connections={"fx": Connection(name="fx", settings={"token": "x"})},
        environments={"DEV": Environment(name="DEV", variables={"a": "1", "b": "2"})},
    )
    new = content(
        data_sources={"db": DataSource(name="db", url=f"postgresql://a:{secret}@b/c", settings={"password": secret})},
        connections={"fx": Connection(name="fx", type="mail", settings={"token": secret}, retry=Retry(times=2))},
        environments={"DEV": Environment(name="DEV", variables={"a": secret, "c": secret})},
    )
    assert details("data_sources", old, new) == (
        "Settings added: `password`.",
        "Settings changed: `url`, `pool_size`.",
    )
    assert details("connections", old, new) == ("Settings added: `retry`.", "Settings changed: `type`, `token`.")
    assert details("environments", old, new) == (
        "Variables added: `c`.",
        "Variables removed: `b`.",
        "Variables changed: `a`.",
    )
    assert secret not in repr(compare_apps(old, new))


def test_true_and_one_are_two_things() -> None:
    """A setting that was true and is 1 has changed, though Python holds them for equal."""
    old = content(connections={"fx": Connection(name="fx", settings={"tls": True})})
    new = content(connections={"fx": Connection(name="fx", settings={"tls": 1})})
    assert details("connections", old, new) == ("Settings changed: `tls`.",)


def test_a_changed_file_is_told_by_its_path() -> None:
    """Shared files are compared by the hash of their content."""
    found = compare_apps(content(files={"files/a.sql": "1"}), content(files={"files/a.sql": "2"}))
    assert found.files == (Change(name="files/a.sql", how="changed"),)
