"""Any text at all: the parser gives a tree or one fault inside the text, and what checks also runs or fails in its own way."""

import decimal
import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microflow_runtime.feel import ANY, NUMBER, NUMBER_CONTEXT, FeelError, FormulaFaults, check, evaluate

VOCABULARY = r"""
if then else for in return some every satisfies and or between instance of function true false null not external item partial
x a b date time and years months duration number string list context range Any count sum ( ) [ ] { } < > <= >= = != == && ||
! + - * / ** .. . , : @ ? "a" "2025-01-31" "P1D" "\u0041" 1 2.5 1e3 1e999 .5 'a' // /* */ -> ] [ ( ) ( )
"""
WORDS = st.sampled_from(VOCABULARY.split())
TOKENS = st.lists(WORDS, max_size=25).map(" ".join)
GLUED = st.lists(WORDS, max_size=15).map("".join)
TEXT = st.one_of(TOKENS, GLUED, st.text(max_size=40), st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
MANY = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "300")), deadline=None, suppress_health_check=list(HealthCheck)
)
SCOPE = {"a": ANY, "b": NUMBER, "x": ANY}


def faults_of(text: str, *, unary: bool) -> FormulaFaults | None:
    """Check a text; give its faults, or None where it is a formula. Run the formula, too."""
    try:
        formula = check(text, {**SCOPE, "?": ANY} if unary else SCOPE, unary=unary)
    except FormulaFaults as faults:
        return faults
    with decimal.localcontext(NUMBER_CONTEXT):
        try:
            formula.bind({"a": 0, "b": 1, "x": 2, "?": 3})(
                [None, decimal.Decimal(3), [decimal.Decimal(1)], decimal.Decimal(5)]
            )
        except FeelError as error:
            assert error.text == text  # noqa: PT017 - the only way to look at an error that may not come
    return None


@MANY
@given(TEXT, st.booleans())
def test_any_text_gives_a_formula_or_faults_inside_it(text: str, unary: bool) -> None:
    """Nothing but faults comes out of a text that is no formula, each with a sentence and a place."""
    faults = faults_of(text, unary=unary)
    if faults is not None:
        assert faults.faults
        for fault in faults.faults:
            assert fault.message
            assert 0 <= fault.start <= fault.end <= len(text) + 1


@MANY
@given(TEXT)
def test_any_text_can_be_evaluated(text: str) -> None:
    """The standard's evaluation never raises for a text, and tells every hidden error with its place."""
    result = evaluate(text, {"a": None, "b": decimal.Decimal(1), "x": [decimal.Decimal(1), "z"]})
    for error in result.errors:
        assert error.message
        assert 0 <= error.start <= len(text) + 1
