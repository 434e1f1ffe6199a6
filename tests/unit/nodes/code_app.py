"""An app whose flows call the functions of tests/functions."""

from pathlib import Path
from typing import Any

from tests.unit.small_apps import SmallApp

from microflow_runtime.runtime.resources import ProcessResources
from microflow_runtime.settings import Settings
from microflow_runtime.store import MemoryStore

FUNCTIONS = Path(__file__).parents[2] / "functions"
ALL = """
business_object: All
fields:
  string: string?
  integer: integer?
  decimal: decimal?
  boolean: boolean?
  date: date?
  time: time?
  moment: date-time?
  duration: duration?
  all: All?
  list: [All]
"""
TEXT = """
business_object: Text
fields: {text: {type: string, default: ""}, number: {type: decimal, default: 0}, type: string?}
"""


def flow(name: str, keys: str, *, takes: str = "Text", gives: str = "Text") -> str:
    """Give a flow with one code node and these keys, indented by four."""
    return f"""
microflow: {name}
inputs: {{In: {takes}}}
outputs: {{Out: {gives}}}
nodes:
  Start: {{type: start, next: Do}}
  Do:
    type: code
{keys.strip(chr(10))}
    next: End
  End: {{type: end}}
"""


def resources(folder: Path, **settings: Any) -> ProcessResources:
    """Give real resources."""
    return ProcessResources(Settings(home=folder, **settings), MemoryStore())


def app_of(sources: Any, *flows: str) -> SmallApp:
    """Give the app."""
    return SmallApp(ALL, TEXT, *flows, sources=sources)
