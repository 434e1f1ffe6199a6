"""What publishing a new content of an app changes: the difference of the two, and what callers meet of it. Pure: no input and no output.

Others use: `AppContent`, `compare_apps` with `Difference` and `Change`, `impact_of` with `Impact`. The rules are told in
docs/reference/impact.md.
"""

from microflow_runtime.compiler.impact.callers import impact_of
from microflow_runtime.compiler.impact.content import AppContent
from microflow_runtime.compiler.impact.difference import Change, Difference, compare_apps
from microflow_runtime.compiler.impact.records import KINDS, Impact, Kind, Side

__all__ = [
    "KINDS",
    "AppContent",
    "Change",
    "Difference",
    "Impact",
    "Kind",
    "Side",
    "compare_apps",
    "impact_of",
]
