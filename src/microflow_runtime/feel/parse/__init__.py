"""The parser: reads the text of a formula into its syntax tree.

The grammar of FEEL cannot be read without the names in scope, since names may hold spaces and operators. Names of
several words that the parser does not know are joined from neighbouring words, so that the checker can tell of them.
"""

from microflow_runtime.feel.parse.parser import parse

__all__ = ["parse"]
