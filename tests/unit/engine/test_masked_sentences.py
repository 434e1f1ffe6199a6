"""What is sensitive goes through no sentence of a failure: a canary is driven through every kind of node and of error."""

import json
import math
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from tests.unit.nodes.code_app import FUNCTIONS
from tests.unit.small_apps import FakeSources, SmallApp

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.engine import mask_sentence, masked_trace, record_execution
from microflow_runtime.engine.masked_sentences import _causes_of
from microflow_runtime.engine.value_texts import ValueTexts
from microflow_runtime.errors import ExecutionError, InputError, NodeError
from microflow_runtime.feel import set_deadline

CANARY = 'C4n4ry "7391" <สีแดง> 20480177'
PIECES = ("c4n4ry", "7391", "แดง", "20480177", "2048017")
APP = """
app: Shop
version: v.1.0.0
data_sources:
  orders: {url: "sqlite:///orders.db"}
connections:
  post: {type: smtp, host: mail.example, from: shop@shop.example}
  web: {url: "https://api.example"}
  drop: {type: folder, path: /drop}
"""
CARD = """
business_object: Card
fields:
  code: {type: string, sensitive: true}
  balance: {type: decimal?, sensitive: true}
  since: {type: date?, sensitive: true}
  holder: {type: Holder?, sensitive: true}
  name: {type: string, default: ""}
  count: integer?
  day: date?
"""
HOLDER = """
business_object: Holder
fields: {name: string?, age: integer?}
"""
WALLET = """
business_object: Wallet
fields: {owner: string?, cards: [Card]}
"""
PLAIN = """
business_object: Plain
fields: {text: string?, count: integer?, many: [string]}
"""
INNER = """
microflow: Inner
inputs: {Given: Plain}
outputs: {Out: Plain}
nodes:
  Start: {type: start, next: Fail}
  Fail: {type: mapping, out: {Out.count: = number(Given.text)}, next: End}
  End: {type: end}
"""
FLOW = """
microflow: F
inputs: {In: Card, Wallet: Wallet?}
outputs: {Out: Plain}
variables: {Temp: Plain, Copy: Card}
nodes:
  Start: {type: start, next: A}
  A:
    NODE
    next: End
  End: {type: end}
"""
GIVEN = {"code": CANARY, "balance": 20480177, "since": "2048-01-07", "name": "Suda", "count": 3}
DOORS = {
    "mapping": "type: mapping\n    out: {Out.count: = number(In.code)}",
    "derived": "type: mapping\n    out: {Out.count: = In.balance / 2}",
    "misfit": "type: mapping\n    out: {Copy: '= {code: In.code, name: \"\", count: In.balance / 7}'}",
    "pattern": 'type: mapping\n    out: {Out.text: \'= replace("x", "[" + In.code, "y")\'}',
    "date": "type: mapping\n    out: {Copy.day: = date(In.code)}",
    "gateway": "type: gateway\n    links:\n    - {label: x, when: '= date(In.code) > date(\"2020-01-01\")', to: End}\n    - {label: y, otherwise: true, to: End}",
    "database": "type: database\n    source: orders\n    command: select\n    sql: 'select :code'\n    in: {code: = In.code}",
    "database upper": "type: database\n    source: orders\n    command: select\n    sql: 'select :code'\n    in: {code: = upper case(In.code)}",
    "database list": "type: database\n    source: orders\n    command: insert\n    sql: 'insert :code'\n    in: {code: '= Wallet.cards[1].code'}",
    "mail": "type: mail\n    connection: post\n    to: a@b.example\n    subject: '{code}'\n    text: t\n    in: {code: = In.code}",
    "address": "type: mail\n    connection: post\n    to: = In.code\n    subject: s\n    text: t",
    "rest": "type: rest\n    connection: web\n    method: GET\n    path: '/{code}'\n    in: {code: = In.code}",
    "file name": "type: file write\n    connection: drop\n    file: = In.code\n    records: '= [In]'\n    record: Card\n    format: json lines",
    "cache": "type: cache\n    command: get\n    space: s\n    key: = In.code\n    holds: Plain",
    "cache misfit": "type: cache\n    command: put\n    space: s\n    key: k\n    holds: Plain\n    for: 1h\n    value: '= {count: number(In.code)}'",
    "code": "type: code\n    function: give_back\n    takes: {value: string}\n    returns: string\n    in: {value: = In.code}",
    "sub flow": "type: sub flow\n    flow: Inner\n    in: {Given: '= {text: In.code}'}",
    "throw": 'type: throw\n    message: \'= "No card " + In.code + " for " + In.name\'',
    "loop": "type: loop\n    each: '= [In.code]'\n    nodes:\n      S: {type: start, next: M}\n      M: {type: mapping, out: {Out.count: = number(Item)}, next: E}\n      E: {type: end}",
    "loop gathered": "type: loop\n    each: '= [In.code]'\n    failures: gather\n    collect: = number(Item)\n    nodes:\n      S: {type: start, next: E}\n      E: {type: end}\n    out: {Out.many: '= for f in failures return f.message'}",
    "branch": "type: parallel\n    branches:\n      one:\n        S: {type: start, next: M}\n        M: {type: mapping, out: {Out.count: = number(In.code)}, next: E}\n        E: {type: end}",
    "decision": "type: decision\n    hit: first\n    inputs: {code: = In.code}\n    outputs: {n: integer}\n    rules:\n    - {when: '-', then: '= number(In.code)'}\n    out: {Out.count: = n}",
}


class Leaky(FakeSources):
    """Resources of which everything fails with a sentence that holds the canary in many forms."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def fail(self, kind: str) -> NodeError:
        """Make the error."""
        forms = (
            CANARY,
            CANARY[:20] + "…",
            json.dumps(CANARY),
            CANARY.upper(),
            repr(CANARY),
            "20480177.00",
            "2048-01-07",
        )
        message = f"refused: {' | '.join(forms)} (near {CANARY[5:16]})"
        return NodeError(message, kind=kind, data={"message": message, "code": "22P02"})

    @asynccontextmanager
    async def open_transaction(self, *_: Any) -> Any:
        """Fail at the first statement."""
        yield self

    async def run(self, *_: Any, **__: Any) -> Any:
        """Fail."""
        raise self.fail("database")

    async def rollback(self) -> None:
        """Nothing was done."""

    async def send_mail(self, *_: Any) -> Any:
        """Fail."""
        raise self.fail("mail.refused")

    async def send_http(self, *_: Any) -> Any:
        """Fail."""
        raise self.fail("http.reply")

    def http_address(self, *_: Any) -> str:
        """Give one."""
        return "https://api.example"

    @asynccontextmanager
    async def open_files(self, *_: Any) -> Any:
        """Fail."""
        raise self.fail("file")
        yield

    async def get_cached(self, *_: Any) -> Any:
        """Fail."""
        raise self.fail("cache")

    async def call_code(self, *_: Any) -> Any:
        """Fail, with a trace for the log."""
        error = self.fail("code")
        error.trace = f"Traceback: ValueError: {CANARY}"
        raise error


def app_of(node: str, sources: Any = None) -> SmallApp:
    """Give an app whose flow has the node."""
    flow = FLOW.replace("    NODE", "    " + node)
    if "type: gateway" in node:
        flow = flow.replace("    next: End\n  End", "  End")
    if "type: throw" in node:
        flow = flow.replace("    next: End\n  End: {type: end}", "")
    return SmallApp(APP, CARD, HOLDER, WALLET, PLAIN, INNER, flow, sources=sources)


def is_clean(text: str) -> None:
    """Look for pieces of the canary, in whatever case and escapes."""
    lowered = text.lower()
    assert not [piece for piece in PIECES if piece in lowered], text
    assert "\\u0e41\\u0e14" not in lowered


@pytest.mark.parametrize("door", DOORS)
async def test_no_door_lets_the_canary_out(
    door: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the error, not in what a catch sees, not in the trace with values, not in the log."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    app = app_of(DOORS[door], Leaky())
    given: dict[str, Any] = {"In": GIVEN, "Wallet": {"owner": "Suda", "cards": [GIVEN]}}
    message = ""
    try:
        message = await app.text("F", given, capture=True)
    except ExecutionError as error:
        message = f"{error.message} {getattr(error, 'data', '')}"
    assert app.run is not None
    assert "***" in message or "hidden" in message
    is_clean(message)
    record = record_execution(app.run, snapshot="", epoch=0, exception=message)
    is_clean(msgspec.json.encode(record, enc_hook=str).decode())
    is_clean(json.dumps(msgspec.to_builtins(record, enc_hook=str), ensure_ascii=False))
    output = capsys.readouterr()
    is_clean(output.out + output.err)
    assert set_deadline(math.inf) == math.inf  # what was computed once more left no deadline to others


async def test_what_is_not_sensitive_is_told() -> None:
    """A value beside a sensitive one stays in the sentence, and so do the formula and its place."""
    node = 'type: throw\n    message: \'= "No card " + In.code + " for " + In.name + ", ending " + substring(In.code, -4)\''
    app = app_of(node)
    with pytest.raises(NodeError) as caught:
        await app.text("F", {"In": GIVEN})
    assert "No card *** for Suda, ending 0177" in caught.value.message
    app = app_of("type: mapping\n    out: {Out.count: = number(In.name)}")
    with pytest.raises(NodeError, match="Suda"):
        await app.text("F", {"In": GIVEN})


async def test_variables_that_formulas_fill_are_as_sensitive_as_what_they_read() -> None:
    """What was made of a secret earlier is masked later on, in sentences and in the trace."""
    nodes = (
        "type: mapping\n    out: {Temp.text: '= \"9\" + string(In.balance * 7)', Temp.many: '= [\"apple\"]'}\n    next: B\n"
        "  B:\n    type: mapping\n    out: {Out.count: = date(Temp.text).year}"
    )
    app = app_of(nodes)
    with pytest.raises(NodeError) as caught:
        await app.text("F", {"In": GIVEN}, capture=True)
    assert app.run is not None
    record = record_execution(app.run, snapshot="", epoch=0, exception=caught.value.message)
    shown = msgspec.json.encode(record, enc_hook=str).decode()
    assert "143361239" not in shown
    assert '"text":"***"' in shown
    assert "apple" in shown


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"code": 20480177}, "In.code: expected text, found number ***."),
        ({"code": "x", "balance": CANARY}, "In.balance: expected decimal, found text ***."),
        ({"code": "x", "since": CANARY}, "In.since: expected a date (YYYY-MM-DD), found text ***."),
        ({"code": "x", "holder": {"age": CANARY}}, "In.holder.age: expected integer, found text ***."),
        ({"code": "x", "count": "seven"}, 'In.count: expected integer, found text "seven".'),
        ({"code": ["a", "b"]}, "In.code: expected text, found a list."),
        ({"name": "x"}, "In.code: expected a value, found nothing."),
        (CANARY, "In: expected an object (Card), found text ***."),
    ],
)
async def test_inputs_that_do_not_fit(given: Any, told: str) -> None:
    """The sentence has the path and what was expected; of a sensitive value it has the kind."""
    app = app_of("type: mapping\n    out: {Out.text: x}")
    with pytest.raises(InputError) as caught:
        await app.start("F", {"In": given})
    assert caught.value.message == f"F: {told}"
    with pytest.raises(InputError) as caught:
        await app.start("F", {"In": {"code": "x"}, "Wallet": {"cards": [{"code": "x"}, given]}})
    is_clean(caught.value.message)


async def test_columns_and_elements_that_have_the_name_of_a_sensitive_field() -> None:
    """What comes from outside under that name is hidden when it does not fit, whatever its case."""
    node = "type: database\n    source: orders\n    command: select\n    sql: 'select CODE'\n    columns: {CODE: integer}\n    out: {Out.count: '= rows[1].CODE'}"
    sources = FakeSources()

    async def rows() -> list[dict[str, Any]]:
        return [{"CODE": CANARY}]

    sources.answers["select CODE"] = rows
    app = app_of(node, sources)
    with pytest.raises(NodeError) as caught:
        await app.text("F", {"In": {"code": "x"}})
    is_clean(caught.value.message)
    assert "***" in caught.value.message


async def test_what_others_tell_of_a_run() -> None:
    """A commit that fails, and the trace of a bug."""
    app = app_of("type: mapping\n    out: {Out.text: x}")
    run = await app.start("F", {"In": GIVEN})
    assert mask_sentence(run, f"Key (code)=({CANARY}) exists, Suda") == "Key (code)=(***) exists, Suda"
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        is_clean(masked_trace(run, error).replace("CANARY", ""))


@pytest.mark.parametrize(
    ("value", "sentence", "masked"),
    [
        ("abc", "abc abcd xabc abc.", "*** abcd xabc ***."),
        ("M", 'M is "M" and (M)', 'M is "***" and (***)'),
        ("1234567890", "cut 123456…, 567890 and 12345", "cut ***…, *** and 12345"),
        ("the order was late", "the order was late; the order x", "***; the order x"),
        ("a<b&c>d", "a&lt;b&amp;c&gt;d a%3Cb%26c%3Ed", "*** ***"),
        (True, "true", "true"),
        (["x1y2z3w4", {"k": "q9w8e7r6"}], "x1y2z3w4q9w8e7r6", "***"),
    ],
)
def test_how_values_are_found(value: Any, sentence: str, masked: str) -> None:
    """Whole, in pieces, in escapes; short ones only where they are quoted."""
    texts = ValueTexts()
    texts.add(value)
    assert texts.mask(sentence) == masked


def test_an_error_that_is_its_own_cause_is_looked_at_once() -> None:
    """As a misfit is when it is raised with a longer path; a ring of two ends as well."""
    misfit, failure = Misfit("text", "nothing"), NodeError("x")
    misfit.__cause__ = misfit
    failure.__cause__ = misfit
    assert list(_causes_of(failure)) == [failure, misfit]
    misfit.__cause__ = failure
    assert list(_causes_of(failure)) == [failure, misfit]
