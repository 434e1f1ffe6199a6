"""Writes the reference page of the language from the declarations of its functions."""

from typing import Final

from microflow_runtime.feel.functions.signature import BuiltIn, Signature
from microflow_runtime.feel.functions.table import FAMILIES
from microflow_runtime.feel.limits import (
    MAXIMUM_CALLS,
    MAXIMUM_ITEMS,
    MAXIMUM_STEPS,
    MAXIMUM_TEXT,
    MAXIMUM_TEXT_IN_ALL,
    MAXIMUM_TURNS,
)
from microflow_runtime.feel.types import Type

_HEAD: Final = """# Formulas: FEEL

This page is made from the declarations in `src/microflow_runtime/feel/functions/` by
`python -m microflow_runtime.feel --reference`. Its examples run as tests.

Formulas are FEEL, the expression language of DMN 1.5. In a definition, a value that begins with `=` is a formula.

## The language in short

| write | for |
|---|---|
| `12.5`, `"text"`, `true`, `null` | constants; numbers are exact decimals of 34 digits |
| `@"2025-01-31"`, `@"10:30:00+07:00"`, `@"P1DT2H"` | a date, time, date and time, or duration |
| `order.customer.name` | a field; of null it is null, of a list it is the list of that field |
| `a + b`, `a - b`, `a * b`, `a / b`, `a ** b`, `-a` | arithmetic, also of dates and durations; `+` joins texts |
| `a = b`, `a != b`, `a < b`, `a <= b`, `a > b`, `a >= b` | comparison |
| `a between 1 and 10`, `a in [1..10)`, `a in (< 5, > 10)`, `a in ["x", "y"]` | ranges and tests |
| `a and b`, `a or b`, `not(a)` | logic of true, false and null |
| `if a > 1 then "many" else "one"` | a choice; null counts as not true |
| `[1, 2, 3]`, `lines[1]`, `lines[-1]`, `lines[quantity > 2]` | lists; positions count from 1; filters read the fields of `item` |
| `{total: 10, tax: total * 0.07}` | a context; an entry may read those before it |
| `for l in lines return l.quantity * l.price` | a list made of a list; `partial` is what is made so far |
| `for i in 1..3 return i` | a list made of numbers or days |
| `some l in lines satisfies l.quantity > 10`, `every … satisfies …` | conditions over lists |
| `function(a, b) a + b` | a function, as for `sort` |
| `value instance of number` | a test of the type |
| `substring("abc", start position: 2)` | a call, by position or by the names of the parameters |

The vendor's spellings `==`, `&&`, `||`, `!a` and `a x b` are faults that show the FEEL form.

## Missing values and errors

In flows a value that is missing (null, a field of null) stays null. What FEEL would turn into null because of an error
is an error of the node: a wrong type, a division by zero, a date that does not exist. The error names the failing part
and the types of its operands. The checker tracks what may be missing: after `if x != null then …` it is not.
A list that a Business Object declares is never null: it is empty where the Business Object is missing.

Comparing two times, or two dates with times, looks at milliseconds, as the standard's kit has it; `is` compares all digits.
A date and time without an offset is compared with one that has an offset in the app's `time_zone`. Of a zone's hour that
comes twice, text without an offset means the first pass; the second is `@"2025-10-26T02:30:00+01:00@Europe/Berlin"`.

## What patterns may cost

`matches`, `replace` and `split` take the patterns of XPath 3.1, whose time grows only with the length of the text. A pattern
that refers back to a group (`(.)\\1`) has to try ways instead, and may do so for 0.1 s; then the formula ends with an error.

## Extensions

Functions that DMN 1.5 does not have are marked in their sections: those with Camunda's names, and this runtime's own. A null
argument makes their result null, but where the function asks about null. `now`, `today`, `uuid` and `in zone` are computed
at each call, any other call with constant arguments once.

## Limits

"""


def render() -> str:
    """Give the page."""
    lines = [_HEAD + _limits()]
    for family, functions in FAMILIES.items():
        lines.append(f"\n## {family}\n")
        lines.extend(map(_section, functions))
    return "\n".join(lines).rstrip() + "\n"


def _limits() -> str:
    rows = (
        ("items of a list", MAXIMUM_ITEMS),
        ("turns of all loops of one evaluation, weighted by what a turn makes", MAXIMUM_TURNS),
        ("calls and nested values looked at", MAXIMUM_STEPS),
        ("depth of functions that call functions", MAXIMUM_CALLS),
        ("characters of a text", MAXIMUM_TEXT),
        ("characters of all texts of one evaluation", MAXIMUM_TEXT_IN_ALL),
    )
    table = "\n".join(f"| {name} | {limit:,} |" for name, limit in rows)
    return f"| of one formula | at most |\n|---|---|\n{table}\n\nThe deadline of the execution holds inside formulas, too.\n"


def _section(function: BuiltIn) -> str:
    forms = "\n".join(f"- `{_form(function, signature)}`" for signature in function.signatures)
    mark = f"*Extension, {function.extension}: the standard does not have it.*\n\n" if function.extension else ""
    text = f"### {function.name}\n\n{mark}{function.summary}\n\n{forms}\n"
    if function.examples:
        text += "\n```feel\n" + "\n".join(f"{call} = {value}" for call, value in function.examples) + "\n```\n"
    return text


def _form(function: BuiltIn, signature: Signature) -> str:
    parts = []
    for parameter in signature.parameters:
        part = f"{parameter.name}: {parameter.words()}"
        parts.append(part if parameter.required else f"[{part}]")
    result = f" -> {signature.result}" if isinstance(signature.result, Type) else ""
    return f"{function.name}({', '.join(parts)}{', …' if signature.variadic else ''}){result}"
