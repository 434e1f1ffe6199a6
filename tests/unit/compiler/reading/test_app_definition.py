"""Tests of `app.yaml`."""

import pytest

from microflow_runtime.compiler.reading.definitions import define
from microflow_runtime.compiler.reading.documents import parse
from microflow_runtime.errors import Fault
from microflow_runtime.model.app import App, Connection, DataSource, Environment

WHOLE = """\
app: Demo ไทย
version: v.0.2.0
description: What it is for.
time_zone: Asia/Bangkok
data_sources:
  rates: {url: "sqlite:///rates.db", create_from: files/rates.sql, pool_size: 5, settings: {timeout: 3}}
connections:
  fx: {url: "{fx_url}", timeout: 2s}
environments:
  DEV: {variables: {fx_url: "https://fx.example"}}
"""


def read(text: str) -> tuple[object, tuple[Fault, ...]]:
    """Read the text of an app.yaml."""
    document, faults = parse("app", "app.yaml", text.encode())
    assert document is not None
    assert faults == ()
    return define(document)


def test_every_key_fills_the_record() -> None:
    """An app that says everything is read as it is written."""
    app, faults = read(WHOLE)
    assert faults == ()
    assert app == App(
        name="Demo ไทย",
        version="v.0.2.0",
        description="What it is for.",
        time_zone="Asia/Bangkok",
        data_sources={
            "rates": DataSource(
                name="rates",
                url="sqlite:///rates.db",
                create_from="files/rates.sql",
                pool_size=5,
                settings={"timeout": 3},
            )
        },
        connections={"fx": Connection(name="fx", settings={"url": "{fx_url}", "timeout": "2s"})},
        environments={"DEV": Environment(name="DEV", variables={"fx_url": "https://fx.example"})},
    )


def test_name_and_version_are_enough() -> None:
    """Everything else has a default."""
    app, faults = read("app: A\nversion: 1a\n")
    assert faults == ()
    assert app == App(name="A", version="1a")


@pytest.mark.parametrize(
    ("line", "code", "column", "word"),
    [
        ("version: 1.0", "MF-D012", 10, "text such as"),
        ("version: a b", "MF-D016", 10, ""),
        ("version: v1\ntime_zone: Asia/Bankok", "MF-D016", 12, "Asia/Bangkok"),
        ("version: v1\ntime_zone: ../../etc/passwd", "MF-D016", 12, ""),
        ("version: v1\ntime_zone: 7", "MF-D012", 12, ""),
        ("version: v1\ndata_source: {}", "MF-D010", 1, "data_sources"),
        ("version: v1\ndata_sources: {a: {url: x, pool_size: 0}}", "MF-D016", 39, ""),
        ("version: v1\ndata_sources: {a: {pool_size: 1}}", "MF-D011", 16, "url"),
        ("version: v1\ndata_sources: {a: {url: x, create_from: ../x.sql}}", "MF-D016", 41, "files/orders.sql"),
        ("version: v1\nenvironments: {DEV: {variables: {a: 5}}}", "MF-D012", 37, "quotes"),
        ("version: v1\nconnections: {a: {type: gopher, url: x}}", "MF-D016", 25, ""),
        ("version: v1\nconnections: {a: {url: '{base}'}}", "MF-D016", 24, "variables"),
    ],
)
def test_a_fault_has_its_place_and_its_help(line: str, code: str, column: int, word: str) -> None:
    """What is wrong in app.yaml is told where it stands, with what to do."""
    _, faults = read(f"app: A\n{line}\n")
    assert [fault.code for fault in faults] == [code]
    assert faults[0].place is not None
    assert faults[0].place.column == column
    assert word in faults[0].help
