"""Decision tables: read, checked, and looked through for rules that meet and inputs that none takes; and decisions in DMN.

Others use what is listed below; nothing in here reads a file or runs a rule.
"""

from microflow_runtime.compiler.decisions.analysis import Findings, analyse
from microflow_runtime.compiler.decisions.axes import NO_FACTS, Axis, Facts, OrderedAxis, TextAxis
from microflow_runtime.compiler.decisions.checking import SUBJECT, Surroundings, check_table, check_tests, simple_values
from microflow_runtime.compiler.decisions.facts import Paths, facts_of, facts_of_path
from microflow_runtime.compiler.decisions.grid import Column, column_of
from microflow_runtime.compiler.decisions.overlaps import common_point
from microflow_runtime.compiler.decisions.simple_tests import simple_tests
from microflow_runtime.compiler.decisions.table import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_RULES,
    Adopt,
    Aggregate,
    CheckedInput,
    CheckedOutput,
    CheckedTable,
    Entry,
    HitPolicy,
    WrittenInput,
    WrittenOutput,
    WrittenRule,
    WrittenTable,
    gives_list,
)
from microflow_runtime.compiler.decisions.telling import may_fail_without_rule, tell_findings

__all__ = [
    "MOST_CELLS",
    "MOST_COLUMNS",
    "MOST_RULES",
    "NO_FACTS",
    "SUBJECT",
    "Adopt",
    "Aggregate",
    "Axis",
    "CheckedInput",
    "CheckedOutput",
    "CheckedTable",
    "Column",
    "Entry",
    "Facts",
    "Findings",
    "HitPolicy",
    "OrderedAxis",
    "Paths",
    "Surroundings",
    "TextAxis",
    "WrittenInput",
    "WrittenOutput",
    "WrittenRule",
    "WrittenTable",
    "analyse",
    "check_table",
    "check_tests",
    "column_of",
    "common_point",
    "facts_of",
    "facts_of_path",
    "gives_list",
    "may_fail_without_rule",
    "simple_tests",
    "simple_values",
    "tell_findings",
]
