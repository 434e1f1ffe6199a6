"""The formula language: FEEL of DMN 1.5, typed and compiled, with no ties to the rest of the project but its errors.

`check` reads a formula against the types of its scope, `Formula.bind` makes it a Python function over a frame
(strict: errors are raised), `evaluate` computes one formula by the standard's null semantics.
"""

from microflow_runtime.errors import FeelError
from microflow_runtime.feel.clock import set_clock
from microflow_runtime.feel.evaluate import Evaluation, HiddenError, evaluate
from microflow_runtime.feel.explain import Origin, Part, explain, origin_of
from microflow_runtime.feel.faults import FeelLimitError, FormulaFault, FormulaFaults
from microflow_runtime.feel.formula import Formula, check, paths_computed_with, paths_present
from microflow_runtime.feel.limits import set_deadline
from microflow_runtime.feel.numbers import NUMBER_CONTEXT, format_number, parse_number
from microflow_runtime.feel.python_values import from_python, to_python
from microflow_runtime.feel.random_source import set_random_source
from microflow_runtime.feel.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from microflow_runtime.feel.temporal_parse import (
    parse_date,
    parse_date_time,
    parse_duration,
    parse_temporal,
    parse_time,
)
from microflow_runtime.feel.types import (
    ANY,
    ANY_CONTEXT,
    ANY_LIST,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    FieldNames,
    FunctionType,
    ListType,
    RangeType,
    RowType,
    Type,
    is_assignable,
    note_taken,
    optional,
    required,
)
from microflow_runtime.feel.values import FunctionValue, RangeValue, Value, type_of

__all__ = [
    "ANY",
    "ANY_CONTEXT",
    "ANY_LIST",
    "BOOLEAN",
    "DATE",
    "DATE_TIME",
    "DAYS_DURATION",
    "DURATION",
    "MONTHS_DURATION",
    "NULL",
    "NUMBER",
    "NUMBER_CONTEXT",
    "STRING",
    "TIME",
    "ContextType",
    "Date",
    "DateTime",
    "DaysDuration",
    "Evaluation",
    "FeelError",
    "FeelLimitError",
    "FieldNames",
    "Formula",
    "FormulaFault",
    "FormulaFaults",
    "FunctionType",
    "FunctionValue",
    "HiddenError",
    "ListType",
    "MonthsDuration",
    "Origin",
    "Part",
    "RangeType",
    "RangeValue",
    "RowType",
    "Time",
    "Type",
    "Value",
    "check",
    "evaluate",
    "explain",
    "format_number",
    "from_python",
    "is_assignable",
    "note_taken",
    "optional",
    "origin_of",
    "parse_date",
    "parse_date_time",
    "parse_duration",
    "parse_number",
    "parse_temporal",
    "parse_time",
    "paths_computed_with",
    "paths_present",
    "required",
    "set_clock",
    "set_deadline",
    "set_random_source",
    "to_python",
    "type_of",
]
