"""The one table of built-in functions."""

from typing import Final

from microflow_runtime.feel.functions.aggregates import AGGREGATES
from microflow_runtime.feel.functions.contexts import CONTEXTS
from microflow_runtime.feel.functions.conversion import CONVERSION
from microflow_runtime.feel.functions.dates import DATES
from microflow_runtime.feel.functions.lists import LISTS
from microflow_runtime.feel.functions.matching import MATCHING
from microflow_runtime.feel.functions.numeric import NUMERIC
from microflow_runtime.feel.functions.ranges import RANGES
from microflow_runtime.feel.functions.signature import BuiltIn
from microflow_runtime.feel.functions.strings import STRINGS

FAMILIES: Final[dict[str, tuple[BuiltIn, ...]]] = {
    "Conversion and logic": CONVERSION,
    "Text": STRINGS,
    "Patterns": MATCHING,
    "Numbers": NUMERIC,
    "Lists": LISTS,
    "One value from many": AGGREGATES,
    "Dates and times": DATES,
    "Ranges": RANGES,
    "Contexts": CONTEXTS,
}
"""Every built-in function by family, in the order of the reference page."""

BUILT_INS: Final[dict[str, BuiltIn]] = {function.name: function for family in FAMILIES.values() for function in family}
"""Every built-in function by name."""
