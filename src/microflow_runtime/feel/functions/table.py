"""The one table of built-in functions."""

from typing import Final

from microflow_runtime.feel.functions.aggregates import AGGREGATES
from microflow_runtime.feel.functions.contexts import CONTEXTS
from microflow_runtime.feel.functions.conversion import CONVERSION
from microflow_runtime.feel.functions.dates import DATES
from microflow_runtime.feel.functions.encodings import ENCODINGS
from microflow_runtime.feel.functions.formatting import FORMATTING
from microflow_runtime.feel.functions.lists import LISTS
from microflow_runtime.feel.functions.matching import MATCHING
from microflow_runtime.feel.functions.missing import MISSING
from microflow_runtime.feel.functions.numeric import NUMERIC
from microflow_runtime.feel.functions.ranges import RANGES
from microflow_runtime.feel.functions.signature import BuiltIn
from microflow_runtime.feel.functions.strings import STRINGS

SPELLINGS: Final = {
    "parse json": "from json",
    "json": "to json",
    "base64": "to base64",
    "base64 encode": "to base64",
    "base64 decode": "from base64",
    "encode uri": "url encode",
    "encode url": "url encode",
    "decode url": "url decode",
    "if null": "coalesce",
    "nvl": "coalesce",
    "sha256": "hash",
    "length": "string length",
    "upper": "upper case",
    "lower": "lower case",
    "strip": "trim",
    "format datetime": "format date",
    "format date and time": "format date",
}
"""What functions are called elsewhere, in small letters, and what they are called here; for the faults."""

FAMILIES: Final[dict[str, tuple[BuiltIn, ...]]] = {
    "Conversion and logic": CONVERSION,
    "Values that may be missing": MISSING,
    "Text": STRINGS,
    "Patterns": MATCHING,
    "Numbers": NUMERIC,
    "Lists": LISTS,
    "One value from many": AGGREGATES,
    "Dates and times": DATES,
    "Ranges": RANGES,
    "Contexts": CONTEXTS,
    "Written for people and machines": FORMATTING,
    "Encodings and digests": ENCODINGS,
}
"""Every built-in function by family, in the order of the reference page."""

BUILT_INS: Final[dict[str, BuiltIn]] = {function.name: function for family in FAMILIES.values() for function in family}
"""Every built-in function by name."""
