"""Boxed expressions of each kind: what they give, and what is told of them."""

from typing import Any

import pytest
from tests.unit.decision_flows import answer, app_of, lines_of
from tests.unit.dmn_files import boxed_context, decision, definitions, input_data, item, knowledge, literal, part, table

from microflow_runtime.errors import NodeError

_AMOUNT = input_data("Amount", "number")
_DOUBLE = knowledge("Double It", literal("n * 2"), "n: number")
_LIST = "<list>" + literal("1") + literal("2") + literal("3") + "</list>"
_ROWS = (
    '<relation><column name="n"/><column name="word"/>'
    f"<row>{literal('1')}{literal(chr(34) + 'a' + chr(34))}</row><row>{literal('2')}{literal('null')}</row></relation>"
)


def _settings(given: str) -> str:
    return "file: files/a.dmn\ndecision: A\n" + (f"in: {{{given}}}\n" if given else "")


async def _answer(logic: str, out: str, *more: str, **given: Any) -> Any:
    """Return what the decision `A` of this logic, over the amount, gives to a field."""
    requires = [f"%{each}" for each in ("Double It",) if any(each in text for text in (logic, *more))]
    content = definitions(_AMOUNT, _DOUBLE, *more, decision("A", logic, "Amount", *requires))
    app = app_of(_settings("Amount: = In.amount"), f"{out}: = result", files={"files/a.dmn": content})
    return (await answer(app, **(given or {"amount": 4}))).get(out.removeprefix("Out."))


@pytest.mark.parametrize(
    ("logic", "out", "result"),
    [
        (boxed_context(("Half", literal("Amount / 2")), ("", literal("Half + 1"))), "Out.number", 3),
        (boxed_context(("n: number", literal("Amount")), ("m", literal("n + 1"))).replace("</context>", f"<contextEntry>{literal('m * 10')}</contextEntry></context>"), "Out.number", 50),
        (_LIST, "Out.numbers", [1, 2, 3]),
        ("<list/>", "Out.numbers", None),
        (part("conditional", **{"if": literal("Amount > 3"), "then": literal("1"), "else": literal("2")}), "Out.number", 1),
        (part("conditional", **{"if": literal("null"), "then": literal("1"), "else": literal("2")}), "Out.number", 2),
        (part("for", "each", **{"in": _LIST, "return": literal("each * Amount")}), "Out.numbers", [4, 8, 12]),
        (part("for", "each", **{"in": literal("[1..3]"), "return": literal("each + count(partial)")}), "Out.numbers", [1, 3, 5]),
        (part("for", "each", **{"in": part("filter", **{"in": _LIST, "match": literal("item != 2")}), "return": literal("each")}), "Out.numbers", [1, 3]),
        (part("filter", **{"in": literal("[1, Amount, 9]"), "match": literal("item > 3")}), "Out.numbers", [4, 9]),
        (boxed_context(("rows", part("filter", **{"in": _ROWS, "match": literal("n > 1")})), ("", literal("count(rows) + rows[1].n"))), "Out.number", 3),
        (boxed_context(("found", part("every", "e", **{"in": _LIST, "satisfies": literal("e < Amount")})), ("", literal("if found then 1 else 2"))), "Out.number", 1),
        (boxed_context(("found", part("some", "e", **{"in": _LIST, "satisfies": literal("e > Amount")})), ("", literal("if found then 1 else 2"))), "Out.number", 2),
        (boxed_context(("rows", _ROWS), ("", literal("rows[1].word"))), "Out.text", "a"),
        (literal("Double It(Amount)"), "Out.number", 8),
        (literal("Double It(n: Amount + 1)"), "Out.number", 10),
        (literal("sum(for e in [1, 2] return Double It(e))"), "Out.number", 6),
        ("<invocation>" + literal("Double It") + f'<binding><parameter name="n"/>{literal("Amount - 1")}</binding></invocation>', "Out.number", 6),
        (boxed_context(("f", f'<functionDefinition><formalParameter name="x" typeRef="number"/>{literal("x + Amount")}</functionDefinition>'), ("", literal("f(1)"))), "Out.number", 5),
        (boxed_context(("level", table(["Amount"], [""], ["< 3", '"low"'], [">= 3", '"high"'])), ("", literal('level + "!"'))), "Out.text", "high!"),
    ],
)  # fmt: skip
async def test_what_each_kind_gives(logic: str, out: str, result: Any) -> None:
    """Each alone or inside another, over the names that it sees."""
    assert await _answer(logic, out) == result


async def test_a_knowledge_model_may_be_a_table_and_call_another() -> None:
    """Which it has to require, as a decision does."""
    band = knowledge(
        "Band", table(["Double It(amount)"], [""], ["< 10", '"low"'], [">= 10", '"high"']), "amount: number"
    )
    band = band.replace(
        "</encapsulatedLogic>",
        '</encapsulatedLogic><knowledgeRequirement><requiredKnowledge href="#_DoubleIt"/></knowledgeRequirement>',
    )
    content = definitions(
        _AMOUNT, _DOUBLE, band, decision("A", literal("Band(Amount) + Band(1)"), "Amount", "%Band"), item("t", "number")
    )
    app = app_of(_settings("Amount: = In.amount"), "Out.text: = result", files={"files/a.dmn": content})
    assert await answer(app, amount=7) == {"text": "highlow"}


async def test_a_decision_service_is_called_and_asked_for() -> None:
    """It sees its own inputs alone, decisions that are given in place of being made among them."""
    service = (
        '<decisionService id="s" name="Rate Service"><variable name="Rate Service"/><outputDecision href="#_Rate"/>'
        '<inputDecision href="#_Base"/><inputData href="#_Amount"/></decisionService>'
    )
    parts = (
        _AMOUNT,
        service,
        decision("Base", literal("1000"), type_ref="number"),
        decision("Rate", literal("Base + Amount"), "Amount", "!Base"),
        decision("A", literal("Rate Service(Amount, 3)"), "Amount").replace(
            "<literal", '<knowledgeRequirement><requiredKnowledge href="#s"/></knowledgeRequirement><literal'
        ),
    )
    files = {"files/a.dmn": definitions(*parts)}
    app = app_of(_settings("Amount: = In.amount"), "Out.number: = result", files=files)
    assert await answer(app, amount=4) == {"number": 7}
    asked = "file: files/a.dmn\ndecision: Rate Service\nin: {Amount: = In.amount, Base: 10}\n"
    assert await answer(app_of(asked, "Out.number: = result", files=files), amount=4) == {"number": 14}


async def test_arguments_of_any_type_are_held_to_the_declared_one() -> None:
    """When the call is made; what is known before is told before."""
    content = definitions(
        input_data("Amount"), _DOUBLE, decision("A", literal("Double It(Amount)"), "Amount", "%Double It")
    )
    app = app_of(
        _settings('Amount: "= get entries({n: In.amount, w: In.word})[2].value"'), files={"files/a.dmn": content}
    )
    with pytest.raises(NodeError, match='"Double It": the argument "n" does not fit'):
        await answer(app, amount=1, word="w")


def test_arguments_of_a_known_type_are_told() -> None:
    """Before anything runs."""
    told = definitions(_DOUBLE, decision("A", literal('Double It("a")'), "%Double It"))
    assert lines_of(_settings(""), files={"files/a.dmn": told}) == [
        "MF-F005 the function takes number? here, not string"
    ]


@pytest.mark.parametrize(
    ("logic", "told"),
    [
        ("<invocation/>", "MF-D184 The invocation has no expression."),
        ("<filter><in/><match/></filter>", "MF-D184 The in has no expression."),
        (part("for", "e", **{"in": _LIST}), "MF-D184 The for has no `return`."),
        (part("for", **{"in": _LIST, "return": literal("1")}), "MF-D187 The for needs the name of its iterator variable."),
        (part("conditional", **{"if": literal("1"), "then": literal("1"), "else": literal("2")}), "MF-D187 The condition gives number, not boolean."),
        (part("filter", **{"in": _LIST, "match": literal("item + 1")}), "MF-D187 The filter gives number, not boolean."),
        ('<relation><column name="a"/><row/></relation>', "MF-D187 The row has 0 cells for 1 columns."),
        ('<relation><column name="a"/><column name="a"/></relation>', "MF-D187 The columns need names that differ."),
        (boxed_context(("", literal("1")), ("", literal("2"))), "MF-D187 Only the last entry has no name."),
        (boxed_context(("a", literal("1")), ("a", literal("2"))), 'MF-D187 The entry "a" comes twice.'),
        (boxed_context(("a: string", literal("1"))), 'MF-D187 The entry "a" gives number, and is declared as string.'),
        ('<functionDefinition kind="Java"><context/></functionDefinition>', "MF-D184 The function is one of Java, which is not run."),
        ("<invocation>" + literal("1") + "</invocation>", "MF-D187 The invocation calls number, which is no function."),
        (boxed_context(("f", f'<functionDefinition><formalParameter name="x" typeRef="number"/>{literal("x")}</functionDefinition>'), ("", "<invocation>" + literal("f") + f'<binding><parameter name="y"/>{literal("1")}</binding></invocation>')), 'MF-D187 The function has no parameter "y"; its parameters are x.'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_box(logic: str, told: str) -> None:
    """Each fault has one sentence."""
    content = definitions(decision("A", logic))
    assert lines_of(_settings(""), files={"files/a.dmn": content}) == [told]


async def test_an_iteration_keeps_its_bounds() -> None:
    """As a loop of a formula does."""
    logic = part("for", "e", **{"in": literal("[1..Amount]"), "return": literal("e")})
    with pytest.raises(NodeError, match="over the limit of 250,000"):
        await _answer(logic, "Out.numbers", amount=300_000)
