"""All kinds of boxed expressions that are read, by the name of their element."""

from collections.abc import Callable, Mapping
from typing import Final

from microflow_runtime.compiler.decisions.dmn import Element
from microflow_runtime.nodes.decision.boxed.checker import Boxed, BoxedChecker, BoxedScope
from microflow_runtime.nodes.decision.boxed.choices import conditional
from microflow_runtime.nodes.decision.boxed.collections import context, list_of, relation
from microflow_runtime.nodes.decision.boxed.functions import function_definition, invocation
from microflow_runtime.nodes.decision.boxed.iterations import every, filtered, iteration, some
from microflow_runtime.nodes.decision.boxed.texts import decision_table, literal_expression

KINDS: Final[Mapping[str, Callable[[BoxedChecker, Element, BoxedScope, str], Boxed | None]]] = {
    "decisionTable": decision_table,
    "literalExpression": literal_expression,
    "context": context,
    "list": list_of,
    "relation": relation,
    "conditional": conditional,
    "for": iteration,
    "every": every,
    "some": some,
    "filter": filtered,
    "functionDefinition": function_definition,
    "encapsulatedLogic": function_definition,
    "invocation": invocation,
}
