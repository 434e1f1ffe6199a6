"""The patterns of XPath 3.1, run on RE2, whose time grows only with the length of the text.

Those that refer back to a group run on another engine under a time limit (`backtracking`, the only module that knows it).
`translate` turns a pattern into an engine's spelling; `matches`, `replace` and `split` use it.
"""

from microflow_runtime.feel.faults import Failure as PatternFault
from microflow_runtime.feel.patterns.run import check_pattern, matches, replace, split

__all__ = ["PatternFault", "check_pattern", "matches", "replace", "split"]
