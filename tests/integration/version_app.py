"""An app whose flows tell their version, for tests that refresh."""

from pathlib import Path
from typing import Final

from tests.app_folder import write_app, write_flow

VERSION: Final = """
    outputs: {VersionBO: VersionBO}
    nodes:
      Start: {type: start, next: Say}
      Say: {type: mapping, out: {VersionBO.number: NUMBER}, next: End}
      End: {type: end}
    """

_SLOW: Final = """
    outputs: {VersionBO: VersionBO}
    variables: {Outer: integer}
    nodes:
      Start: {type: start, next: Remember}
      Remember: {type: mapping, out: {Outer: NUMBER}, next: Wait}
      Wait:
        type: database
        source: nothing
        command: select
        sql: >-
          with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 1000000000)
          select count(*) as n from counted
        timeout: 1500ms
        catch:
          - {error: timeout, to: Ask}
        next: Ask
      Ask: {type: sub flow, flow: Version, out: {VersionBO.number: = VersionBO.number}, next: Both}
      Both: {type: mapping, out: {VersionBO.outer: = Outer}, next: End}
      End: {type: end}
    """


def write_version(app: Path, number: int) -> None:
    """Write version `number` of the flows Version and Slow Version."""
    write_flow(app, "Version", VERSION.replace("NUMBER", str(number)))
    write_flow(app, "Slow Version", _SLOW.replace("NUMBER", str(number)))


def write_versions_app(folder: Path) -> Path:
    """Write the app Versions with version 1 of its flows."""
    app = write_app(
        folder / "Versions",
        "app: Versions\nversion: v.1.0.0\ndata_sources:\n  nothing: {url: 'sqlite:///nothing.db'}\n",
        {"VersionBO": "number: integer\nouter: integer?"},
        {},
    )
    write_version(app, 1)
    return app
