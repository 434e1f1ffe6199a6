"""The built-in functions: every example runs, every declaration is whole."""

import decimal

import pytest

from microflow_runtime.feel import NUMBER_CONTEXT, FormulaFaults, check, evaluate, type_of
from microflow_runtime.feel.functions.signature import BuiltIn
from microflow_runtime.feel.functions.table import BUILT_INS, FAMILIES, SPELLINGS
from microflow_runtime.feel.types import is_assignable

EXAMPLES = [(call, value) for function in BUILT_INS.values() for call, value in function.examples]


@pytest.mark.parametrize(("call", "value"), EXAMPLES, ids=[call for call, _ in EXAMPLES])
def test_an_example_gives_its_value(call: str, value: str) -> None:
    """Both evaluations of an example give the value beside it, and no error is hidden."""
    found, expected = evaluate(call, {}), evaluate(value, {})
    assert found.errors == expected.errors == ()
    assert found.value == expected.value
    assert type(found.value) is type(expected.value)
    formula = check(call, {})
    with decimal.localcontext(NUMBER_CONTEXT):
        assert formula.bind({})([]) == expected.value
    assert is_assignable(type_of(found.value), formula.type), f"{formula.type} does not hold {found.value}"


@pytest.mark.parametrize("function", BUILT_INS.values(), ids=lambda function: function.name)
def test_a_declaration_is_whole(function: BuiltIn) -> None:
    """Each function has a sentence, an example unless its value changes, and optional parameters last."""
    assert function.summary.endswith(".")
    assert function.examples or not function.constant
    for signature in function.signatures:
        required = [parameter.required for parameter in signature.parameters]
        assert required == sorted(required, reverse=True)
        assert len({parameter.name for parameter in signature.parameters}) == len(required)


def test_names_from_elsewhere_lead_to_ours() -> None:
    """Each leads to a function, and is none itself."""
    assert set(SPELLINGS.values()) <= set(BUILT_INS)
    assert not set(SPELLINGS) & set(BUILT_INS)
    with pytest.raises(FormulaFaults) as caught:
        check('parse json("{}")', {})
    assert [fault.help for fault in caught.value.faults if "parse" in fault.message][:1] == [
        "it is called `from json` here"
    ]


def test_the_table_holds_every_function_of_the_standard() -> None:
    """The built-in functions of DMN 1.5 are all there, each in one family; any other is marked as an extension."""
    standard = """not;date;date and time;time;number;string;duration;years and months duration;substring;string length;upper case;
    lower case;substring before;substring after;replace;contains;starts with;ends with;matches;split;string join;list contains;
    list replace;count;min;max;sum;mean;all;any;sublist;append;concatenate;insert before;remove;reverse;index of;union;
    distinct values;flatten;product;median;stddev;mode;decimal;floor;ceiling;round up;round down;round half up;round half down;
    abs;modulo;sqrt;log;exp;odd;even;is;before;after;meets;met by;overlaps;overlaps before;overlaps after;finishes;finished by;
    includes;during;starts;started by;coincides;range;day of year;day of week;month of year;week of year;sort;get value;
    get entries;context;context put;context merge;now;today"""
    ours = {name for name, function in BUILT_INS.items() if not function.extension}
    assert {" ".join(name.split()) for name in standard.split(";")} == ours
    assert sum(map(len, FAMILIES.values())) == len(BUILT_INS)
