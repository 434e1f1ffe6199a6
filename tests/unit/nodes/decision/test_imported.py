"""Decisions of DMN files: what they give, what they need, what is told of them."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.decision_flows import ANSWER, CASE, answer, app_of, flow_of, lines_of, told_of
from tests.unit.dmn_files import HARM, decision, definitions, input_data, item, literal, table
from tests.unit.small_apps import SmallApp, faults_of

from microflow_runtime.compiler.decisions.dmn.model import MODELS
from microflow_runtime.errors import NodeError

_AMOUNT = input_data("Order Amount", "number")


def _settings(name: str, given: str) -> str:
    return f"file: files/a.dmn\ndecision: {name}\n" + (f"in: {{{given}}}\n" if given else "")


def _app(content: bytes, name: str, *out: str, given: str = "Order Amount: = In.amount") -> SmallApp:
    return app_of(_settings(name, given), *out, files={"files/a.dmn": content})


def _lines(content: bytes, *out: str, name: str = "A", given: str = "Order Amount: = In.amount") -> list[str]:
    return lines_of(_settings(name, given), *out, files={"files/a.dmn": content})


def _table(*rules: list[str], outputs: tuple[str, ...] = ("",), **options: Any) -> bytes:
    """Give a file whose decision `A` is a table over the amount."""
    made = table(["Order Amount"], list(outputs), *rules, **options)
    return definitions(_AMOUNT, decision("A", made, "Order Amount"))


@pytest.mark.parametrize("namespace", sorted(MODELS))
async def test_a_literal_expression(namespace: str) -> None:
    """In each version that is read, over names of several words."""
    content = definitions(
        _AMOUNT,
        decision("A", literal("Order Amount * 2"), "Order Amount", type_ref="number"),
        namespace=namespace,
    )
    assert await answer(_app(content, "A", "Out.number: = result"), amount=4) == {"number": 8}


async def test_a_table_of_one_output_gives_its_value() -> None:
    """As `result`, and by the output's name, which is the decision's where it has none."""
    content = _table(["< 10", '"small"'], [">= 10", '"large"'])
    app = _app(content, "A", "Out.text: = result", "Out.texts: = [A]", "Out.rules: = rules")
    assert await answer(app, amount=10) == {"text": "large", "texts": ["large"], "rules": [2]}


async def test_a_table_of_several_outputs_gives_a_context() -> None:
    """An empty cell of an output is null, an empty or plain cell of an input takes all."""
    content = _table(["", "1 + 1", '"x"'], outputs=("n: number", "why: string"), hit="FIRST")
    app = _app(content, "A", "Out.number: = result.n", "Out.text: = why")
    assert await answer(app, amount=1) == {"number": 2, "text": "x"}
    content = _table(["-", "2", ""], outputs=("n: number", "why: string"))
    app = _app(content, "A", "Out.number: = n", "Out.text: = why")
    assert await answer(app, amount=1) == {"number": 2}


@pytest.mark.parametrize(
    ("hit", "attributes", "result", "rules"),
    [
        ("FIRST", "", 3, [1]),
        ("RULE ORDER", "", [3, 1], [1, 2]),
        ("OUTPUT ORDER", "", [1, 3], [2, 1]),
        ("COLLECT", "", [3, 1], [1, 2]),
        ("PRIORITY", "", 1, [2]),
        ("COLLECT", ' aggregation="SUM"', 4, [1, 2]),
        ("COLLECT", ' aggregation="MIN"', 1, [1, 2]),
        ("COLLECT", ' aggregation="MAX"', 3, [1, 2]),
        ("COLLECT", ' aggregation="COUNT"', 2, [1, 2]),
    ],
)
async def test_hit_policies(hit: str, attributes: str, result: Any, rules: list[int]) -> None:
    """By the names of the standard."""
    values = "<outputValues><text>1, 2, 3</text></outputValues>"
    content = _table(["> 0", "3"], ["> 1", "1"], hit=hit, clauses=values, attributes=attributes)
    out = "Out.numbers" if isinstance(result, list) else "Out.number"
    app = _app(content, "A", f"{out}: = result", "Out.rules: = rules")
    assert await answer(app, amount=2) == {out.removeprefix("Out."): result, "rules": rules}


async def test_unique_and_any() -> None:
    """No hit policy is unique; any agrees."""
    content = _table(["> 0", "1"], ["<= 0", "2"])
    assert await answer(_app(content, "A", "Out.number: = result"), amount=0) == {"number": 2}
    content = _table(["> 0", "1"], ["> 1", "1"], hit="ANY")
    assert await answer(_app(content, "A", "Out.number: = result", "Out.rules: = rules"), amount=2) == {
        "number": 1,
        "rules": [1, 2],
    }


CAMUNDA = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{namespace}" id="d" name="DRD" namespace="n">
  <decision id="shippingZone" name="Shipping zone">
    <decisionTable hitPolicy="FIRST">
      <input label="Country"><inputExpression typeRef="string"><text>country</text></inputExpression></input>
      <output label="Zone" name="zone" typeRef="string"/>
      <rule><inputEntry><text>"TH","LA"</text></inputEntry><outputEntry><text>"near"</text></outputEntry></rule>
      <rule><inputEntry><text></text></inputEntry><outputEntry><text>"far"</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <decision id="shippingFee" name="Shipping fee">
    <informationRequirement><requiredDecision href="#shippingZone"/></informationRequirement>
    <decisionTable>
      <input label="Zone"><inputExpression typeRef="string"><text>shippingZone</text></inputExpression></input>
      <input label="Weight"><inputExpression typeRef="double"><text>weight</text></inputExpression></input>
      <output label="Fee" name="fee" typeRef="integer"/>
      <rule><inputEntry><text>"near"</text></inputEntry><inputEntry><text>&lt; 5</text></inputEntry><outputEntry><text>40</text></outputEntry></rule>
      <rule><inputEntry><text>"near"</text></inputEntry><inputEntry><text>&gt;= 5</text></inputEntry><outputEntry><text>90</text></outputEntry></rule>
      <rule><inputEntry><text>"far"</text></inputEntry><inputEntry><text></text></inputEntry><outputEntry><text>300</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"""


@pytest.mark.parametrize("namespace", sorted(MODELS))
@pytest.mark.parametrize("name", ["Shipping fee", "shippingFee"])
async def test_inputs_that_no_input_data_declares(namespace: str, name: str) -> None:
    """Come from `in`, and a required decision is read by its id: one modeler writes no input data and no variables."""
    content = CAMUNDA.format(namespace=namespace).encode()
    app = _app(content, name, "Out.number: = result", given="country: = In.word, weight: = In.amount")
    assert [await answer(app, word=word, amount=amount) for word, amount in (("TH", 4), ("LA", 5), ("DE", 1))] == [
        {"number": 40},
        {"number": 90},
        {"number": 300},
    ]


def test_what_an_undeclared_input_is() -> None:
    """Of the type that the tables say; one that is not given, and one that nothing reads, are told."""
    content = CAMUNDA.format(namespace=max(MODELS)).encode()
    given = "country: = In.amount, weight: = In.amount"
    assert "MF-F010 the formula gives number, and string? is wanted here" in _lines(
        content, name="shippingFee", given=given
    )
    given = "country: = In.word, weight: = In.amount, wait: 1"
    assert _lines(content, name="shippingFee", given=given) == ['MF-D186 The decision reads no "wait".']
    (line,) = _lines(content, name="shippingFee", given="country: = In.word")
    assert line == "MF-F002 there is no `weight` here"


def test_a_name_of_several_decisions_is_told() -> None:
    """With the ids that name one each."""
    content = definitions(*(decision("A", literal("1")).replace('id="_A"', f'id="a{n}"') for n in (1, 2)))
    assert _lines(content, given="") == ['MF-D183 The file has several decisions "A".']
    assert _lines(content, name="a2", given="") == []


async def test_a_decision_by_the_name_of_its_element() -> None:
    """Which may be another than its variable's."""
    content = definitions(decision("A", literal("7")).replace('name="A">', 'name="The Answer">', 1))
    assert await answer(_app(content, "The Answer", "Out.number: = result", given="")) == {"number": 7}


async def test_types_under_a_prefix() -> None:
    """Old files write the built-in ones as `feel:number`, and those of the file under a prefix of their own."""
    content = definitions(
        item("tSmall", "feel:number", "[0..5]"),
        input_data("Order Amount", "kie:tSmall"),
        decision("A", literal("Order Amount"), "Order Amount", type_ref="feel:number"),
    )
    assert await answer(_app(content, "A", "Out.number: = result"), amount=5) == {"number": 5}
    with pytest.raises(NodeError, match='the value of "Order Amount" is none of those allowed'):
        await answer(_app(content, "A", "Out.number: = result"), amount=6)


async def test_required_decisions_are_made_first_and_once() -> None:
    """A diamond: two decisions build on one, a third on both."""
    content = definitions(
        decision("Top", literal("Left + Right"), "!Left", "!Right"),
        decision("Left", literal("Base Value + 1"), "!Base Value"),
        decision("Right", table(["Base Value"], [""], ["> 10", "100"], ["<= 10", "200"]), "!Base Value"),
        decision("Base Value", literal("Order Amount * 2"), "Order Amount"),
        _AMOUNT,
    )
    assert await answer(_app(content, "Top", "Out.number: = result"), amount=6) == {"number": 113}


async def test_a_default_stands_in_where_no_rule_holds() -> None:
    """Without one the node fails, where DMN would go on with null."""
    content = _table(["> 5", "1"], clauses="<defaultOutputEntry><text>9</text></defaultOutputEntry>")
    assert await answer(_app(content, "A", "Out.number: = result"), amount=1) == {"number": 9}
    with pytest.raises(NodeError, match='decision "A": no rule holds') as caught:
        await answer(_app(_table(["> 5", "1"]), "A", "Out.number: = result"), amount=1)
    assert caught.value.kind == "decision.none"


async def test_allowed_values_are_held() -> None:
    """Of input data, of an input, of an output, of a result; a missing value passes."""
    of_data = definitions(
        item("tSmall", "number", "[0..5]"),
        input_data("Order Amount", "tSmall"),
        decision("A", literal("Order Amount"), "Order Amount"),
    )
    app = _app(of_data, "A", "Out.number: = result", given="Order Amount: = In.maybe")
    assert await answer(app, maybe=5) == {"number": 5}
    assert await answer(app) == {}
    with pytest.raises(NodeError, match='the value of "Order Amount" is none of those allowed') as caught:
        await answer(app, maybe=6)
    assert caught.value.kind == "decision.input"
    of_output = _table(["-", "Order Amount"], clauses="<outputValues><text>[1..5]</text></outputValues>")
    with pytest.raises(NodeError, match='decision "A": the output "A" of rule 1 is none of its allowed') as caught:
        await answer(_app(of_output, "A", "Out.number: = result"), amount=6)
    assert caught.value.kind == "decision.output"
    of_result = definitions(
        item("tSmall", "number", "< 5"),
        _AMOUNT,
        decision("A", literal("Order Amount"), "Order Amount", type_ref="tSmall"),
    )
    with pytest.raises(NodeError, match='the result of the decision "A" is none of those allowed'):
        await answer(_app(of_result, "A", "Out.number: = result"), amount=6)


async def test_allowed_values_inside_are_held() -> None:
    """Of a component, and of each item of a list; those of a list as a whole are its type constraint."""
    client = (
        '<itemDefinition name="tClient"><itemComponent name="amount"><typeRef>number</typeRef>'
        "<allowedValues><text>[0..5]</text></allowedValues></itemComponent></itemDefinition>"
    )
    of_part = definitions(
        client, input_data("C", "tClient"), decision("A", table(["C.amount"], [""], ["-", "C.amount"]), "C")
    )
    app = _app(of_part, "A", "Out.number: = result", given="C: = In")
    assert await answer(app, amount=5) == {"number": 5}
    with pytest.raises(NodeError, match='the value of "C" is none of those allowed: amount') as caught:
        await answer(app, amount=6)
    assert caught.value.kind == "decision.input"
    of_items = definitions(
        item("tMany", "number", "< 3", of_many=True),
        input_data("L", "tMany"),
        decision("A", literal("count(L)"), "L"),
    )
    app = _app(of_items, "A", "Out.number: = result", given='L: "= [1, In.amount]"')
    assert await answer(app, amount=2) == {"number": 2}
    with pytest.raises(NodeError, match='the value of "L" is none of those allowed'):
        await answer(app, amount=3)
    of_whole = of_items.replace(b"allowedValues", b"typeConstraint").replace(b"&lt; 3", b"count(?) = 2")
    assert await answer(_app(of_whole, "A", "Out.number: = result", given='L: "= [1, In.amount]"'), amount=9) == {
        "number": 2
    }
    with pytest.raises(NodeError, match="none of those allowed"):
        await answer(_app(of_whole, "A", "Out.number: = result", given='L: "= [In.amount]"'), amount=9)


async def test_item_definitions_of_contexts_and_lists() -> None:
    """A Business Object goes in where its fields fit, and a list of them."""
    components = (
        '<itemDefinition name="tCase"><itemComponent name="amount"><typeRef>number</typeRef></itemComponent>'
        '<itemComponent name="word"><typeRef>string</typeRef></itemComponent></itemDefinition>'
    )
    content = definitions(
        components,
        item("tCases", "tCase", of_many=True),
        input_data("Cases", "tCases"),
        input_data("One", "tCase"),
        decision("A", literal("sum(Cases.amount) + One.amount"), "Cases", "One"),
    )
    app = _app(content, "A", "Out.number: = result", given="Cases: = In.others, One: = In")
    assert await answer(app, amount=1, others=[{"amount": 2}, {"amount": 3}]) == {"number": 6}


def test_what_goes_in_fits_its_item_definition() -> None:
    """A text is no context, and a field of another type does not fit."""
    components = '<itemComponent name="{}"><typeRef>{}</typeRef></itemComponent>'
    for name, kind, given, told in (
        ("amount", "number", "In.word", "MF-F010 the formula gives string?, and context<amount: number?>? is wanted here"),
        ("word", "number", "In", "MF-F010 the formula gives Case, and context<word: number?>? is wanted here, in `word`: string? instead of number?"),
        ("amount", "number", "In", None),
    ):  # fmt: skip
        definition = f'<itemDefinition name="tCase">{components.format(name, kind)}</itemDefinition>'
        content = definitions(definition, input_data("One", "tCase"), decision("A", literal("1"), "One"))
        assert _lines(content, given=f"One: = {given}") == ([] if told is None else [told])


async def test_a_failure_names_its_decision() -> None:
    """Of a formula, and of a cell of a table that another decision requires."""
    content = definitions(_AMOUNT, decision("A", literal("1 / Order Amount"), "Order Amount"))
    with pytest.raises(NodeError, match='decision "A": the formula failed: division by zero') as caught:
        await answer(_app(content, "A", "Out.number: = result"), amount=0)
    assert caught.value.kind == "formula"
    content = definitions(
        _AMOUNT,
        decision("B", table(["Order Amount"], [""], ["1 / ? > 0", "1"], ["-", "2"], hit="FIRST"), "Order Amount"),
        decision("A", literal("B"), "!B"),
    )
    with pytest.raises(NodeError, match='decision "B": the test of the input "Order Amount" in rule 1 failed'):
        await answer(_app(content, "A", "Out.number: = result"), amount=0)


async def test_what_no_decision_needs_is_not_looked_at() -> None:
    """A file may hold more than can be read."""
    content = definitions(
        "<businessKnowledgeModel id='_b' name='b'/>", decision("Other", "<context/>"), decision("A", literal("1"))
    )
    assert await answer(_app(content, "A", "Out.number: = result", given="")) == {"number": 1}


@pytest.mark.parametrize("kind", list(HARM))
def test_a_file_that_means_harm_is_refused(kind: str) -> None:
    """Nothing is expanded, fetched or nested without end, and the fault says where."""
    (line,) = _lines(HARM[kind], given="")
    assert line.startswith("MF-D181 The file has ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "MF-D181 The file is not XML: no element found."),
        (b"<a><b></a>", "MF-D181 The file is not XML: mismatched tag."),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xff</a>', "MF-D181 The file is not UTF-8: a wrong byte at position 41."),
        (b'<?xml version="1.0" encoding="tis-621"?><a/>', 'MF-D181 The file has an encoding that is not known: "tis-621" (did you mean "TIS-620"?).'),
        (b"<a/>", "MF-D182 The file is no DMN 1.1 to 1.5."),
        (definitions(namespace="http://www.omg.org/spec/DMN/20130901"), "MF-D182 The file is no DMN 1.1 to 1.5."),
        (definitions(decision("B", literal("1"))), 'MF-D183 The file has no decision "A".'),
    ],
)  # fmt: skip
def test_a_file_that_is_none(content: bytes, told: str) -> None:
    """No XML, an encoding that is wrong or unknown, no DMN, an old one, one without the decision."""
    assert _lines(content, given="") == [told]


async def test_other_encodings_are_read() -> None:
    """UTF-16 with its mark, and others as they are declared, by any of their names."""
    text = '<?xml version="1.0" encoding="{}"?><definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/">{}</definitions>'
    for encoding, value in (("utf-16", "né"), ("iso-8859-1", "né"), ("TIS-620", "กข"), ("windows-874", "กข")):
        content = text.format(encoding, decision("A", literal(f'"{value}"'))).encode(encoding.replace("windows-", "cp"))
        assert await answer(_app(content, "A", "Out.text: = result", given="")) == {"text": value}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([decision("A", "")], 'MF-D184 The decision "A" has no logic.'),
        ([decision("A", "<literalExpression/>")], 'MF-D184 "A" has no formula.'),
        (
            [decision("A", "<literalExpression expressionLanguage='juel'><text>1</text></literalExpression>")],
            "MF-D184 Formulas in the language juel are not read.",
        ),
        (
            [decision("A", "<knowledgeRequirement><requiredKnowledge href='#_b'/></knowledgeRequirement>" + literal("1"))],
            "MF-D185 The decision requires something that is not there: #_b.",
        ),
        (
            [decision("A", "<literalExpression><importedValues/></literalExpression>")],
            'MF-D184 "A" takes its values from outside the file.',
        ),
        ([decision("A", literal("1"), "!A")], "MF-D185 The decision requires itself: A → A."),
        (
            [decision("A", literal("1"), "!B"), decision("B", literal("1"), "!C"), decision("C", literal("1"), "!B")],
            "MF-D185 The decision requires itself: B → C → B.",
        ),
        ([decision("A", literal("1"), "Nothing")], "MF-D185 The decision requires something that is not there: #_Nothing."),
        (
            [decision("A", literal("1"), "B"), decision("B", literal("1"))],
            "MF-D185 The decision requires something that is not there: #_B.",
        ),
        (
            [decision("A", literal("1")).replace("<literal", "<informationRequirement><requiredInput href='x#y'/></informationRequirement><literal")],
            "MF-D185 The decision requires something outside the file: x#y.",
        ),
        (
            [input_data("A"), decision("B", literal("1"), "A").replace('name="B"', 'name="A"')],
            'MF-D185 "A" is the name of two things.',
        ),
        ([decision("A", literal("1"), type_ref="tWhat")], 'MF-D187 The file has no type "tWhat".'),
        ([item("tLoop", "tLoop"), decision("A", literal("1"), type_ref="tLoop")], 'MF-D187 The type "tLoop" consists of itself, or nests too deeply.'),
        ([decision("A", table(["1"], [""], ["-"]))], "MF-D187 The rule has 1 and 0 cells for 1 inputs and 1 outputs."),
        ([decision("A", table([" "], [""], ["-", "1"]))], "MF-D187 An input needs a formula."),
        ([decision("A", table(["1"], ["", "b"], ["-", "1", "2"]))], "MF-D187 An output among several needs a name."),
        ([decision("A", table(["1"], ["b", "b"], ["-", "1", "2"]))], "MF-D187 Two outputs have the same name."),
        ([decision("A", table(["1"], [""], ["-", "1"], hit="BEST"))], "MF-D187 There is no hit policy BEST."),
        ([decision("A", table(["1"], [""], hit="FIRST"))], "MF-D187 A table has 1 to 1,000 rules; this one has 0."),
        ([decision("A", literal("Order Amount"))], "MF-F002 there is no `Order Amount` here"),
        ([decision("A", literal('"a" + 1'))], "MF-F004 `+` cannot take string and number"),
        ([decision("A", literal('"a"'), type_ref="number")], 'MF-D187 "A" gives string, and is declared as number.'),
        (
            [decision("A", table(["1"], [""], ["-", '"a"']), type_ref="number")],
            'MF-D187 "A" gives string, and is declared as number.',
        ),
        ([decision("A", table(["1"], [""], ['"x"', "1"]))], "MF-F009 `=` of number and string can never be true"),
        ([decision("A", table(["1"], [""], ["-", "1"], ["-", "2"]))], "MF-D156 Rules 1 and 2 take the same inputs: 1 = 0."),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file(parts: list[str], told: str) -> None:
    """Each fault has one sentence, and nothing else is told."""
    assert _lines(definitions(*parts), given="") == [told]


def test_what_is_given_is_what_is_needed() -> None:
    """All of it, nothing else, of types that fit."""
    content = definitions(_AMOUNT, decision("A", literal("Order Amount"), "Order Amount"))
    assert _lines(content, given="") == ['MF-D186 The decision needs "Order Amount".']
    assert _lines(content, given="Order Amount: 1, Amount: 2") == ['MF-D186 The decision reads no "Amount".']
    assert _lines(content, given="Order Amount: x") == ["MF-D061 The value does not fit."]
    assert _lines(content, given="Order Amount: = In.word") == [
        "MF-F010 the formula gives string?, and number? is wanted here"
    ]


def test_a_file_that_is_not_there() -> None:
    """Or lies elsewhere."""
    assert lines_of("file: files/b.dmn\ndecision: A\n") == ["MF-D180 The app has no file `files/b.dmn`."]
    assert lines_of("file: ../b.dmn\ndecision: A\n") == ["MF-D180 A file of the app stands in `files/`."]


def test_a_fault_shows_its_place_in_the_file() -> None:
    """Under the right characters, behind entities, letters beyond ASCII and line breaks; nothing is offered for rewriting."""
    content = definitions(_AMOUNT, decision("A", literal('"é" + string(Order Amount < 5) +\n  nope'), "Order Amount"))
    assert (
        told_of(_settings("A", "Order Amount: 1"), files={"files/a.dmn": content})
        == """
MF-F002 there is no `nope` here
 --> shop/files/a.dmn:5:3
  |
5 |   nope</text></literalExpression></decision>
  |   ^^^^
  = expected: Order Amount
  = found: nope
  = help: give it in `in`, or draw what it is and that the decision requires it
  = see: docs/reference/errors.md#mf-f002

1 fault.
""".lstrip("\n")
    )


@pytest.mark.parametrize("text", ["nope", '"é" + nope', 'if 1 < 2 and "é&" != "" then nope else 1', "1 +\n\n   nope"])
def test_places_are_right_behind_anything(text: str) -> None:
    """Letters of two bytes, characters that XML writes otherwise, line breaks."""
    content = definitions(decision("A", literal(text)))
    (fault,) = faults_of(CASE, ANSWER, flow_of(_settings("A", "")), files={"files/a.dmn": content})
    assert fault.place is not None
    assert fault.source_line[fault.place.column - 1 : fault.place.end_column - 1] == "nope"
    assert fault.source_line == content.decode().splitlines()[fault.place.line - 1]


def test_the_vendors_spellings_are_not_rewritten_in_a_file() -> None:
    """`check --fix` rewrites definitions alone."""
    content = definitions(decision("A", literal("1 == 1")))
    (fault,) = faults_of(CASE, ANSWER, flow_of(_settings("A", "")), files={"files/a.dmn": content})
    assert fault.code == "MF-F012"
    assert fault.replacement is None


def test_gaps_are_told_by_what_is_known_of_the_flow() -> None:
    """Input data that is a field of the flow holds what the field does; a result of constants is one of them."""
    whole = _table(["<= 5", "1"], [">= 6", "2"])
    assert _lines(whole, given="Order Amount: = In.count") == []
    assert _lines(whole) == ["MF-D157 warning No rule takes Order Amount = 5.5."]
    chain = definitions(
        _AMOUNT,
        decision("Level", table(["Order Amount"], [""], ["< 5", '"low"'], [">= 5", '"high"']), "Order Amount"),
        decision("A", table(["Level"], [""], ['"low"', "1"], ['"high"', "2"]), "!Level"),
    )
    assert _lines(chain) == []


async def test_numbers_stay_exact() -> None:
    """As everywhere."""
    content = definitions(_AMOUNT, decision("A", literal("Order Amount + 0.1"), "Order Amount"))
    app = _app(content, "A", "Out.number: = result")
    assert await answer(app, amount=Decimal("0.2")) == {"number": Decimal("0.3")}
