"""Functions that take patterns."""

from typing import Final

from microflow_runtime.feel.functions.signature import BuiltIn, Signature, may_take, takes
from microflow_runtime.feel.patterns import matches, replace, split
from microflow_runtime.feel.types import BOOLEAN, STRING, ListType, optional

_INPUT: Final = takes("input", STRING)
_PATTERN: Final = takes("pattern", STRING)
_FLAGS: Final = may_take("flags", optional(STRING))

MATCHING: Final = (
    BuiltIn(
        "matches", "Tells whether a part of the text fits the pattern. Flags: `i` any case, `s` a point fits line ends, `m` line by line, `x` blanks ignored, `q` no pattern but plain text.",
        (Signature((_INPUT, _PATTERN, _FLAGS), BOOLEAN, matches),),
        (('matches("foobar", "^fo*b")', "true"), ('matches("FOOBAR", "^fo*b", "i")', "true")),
    ),
    BuiltIn(
        "replace", "Puts a replacement for every part that fits the pattern; `$1` in it is what the first group holds.",
        (Signature((_INPUT, _PATTERN, takes("replacement", STRING), _FLAGS), STRING, replace),),
        (('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', '"[1=ab][2=]cd"'), ('replace("081-234-5678", "[^0-9]", "")', '"0812345678"')),
    ),
    BuiltIn(
        "split", "Cuts a text at every part that fits the pattern.",
        (Signature((takes("string", STRING), takes("delimiter", STRING)), ListType(STRING), split),),
        (('split("John Doe", "\\\\s")', '["John", "Doe"]'), ('split("a;b;c;;", ";")', '["a", "b", "c", "", ""]')),
    ),
)  # fmt: skip
