"""`mail` as it runs: what becomes of templates, addresses and attachments, and what a flow learns of it."""

import base64
from decimal import Decimal

import pytest
from tests.unit.nodes.mail.fake_mail import FakePost, app_of, sent

from microflow_runtime.engine.mail import RefusedRecipient
from microflow_runtime.errors import NodeError
from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.model.principal import Principal

PLAIN = """
    to: = In.address
    subject: Hello {name}
    text: "Dear {name}, {number} on {day}. {not: a name} {}"
    in: {name: '= get value(In, "name")', number: '= get value(In, "number")', day: '= get value(In, "day")'}
"""
HTML = """
    to: a@b.example
    subject: s
    html: "<style>p{color:red}@media x{a{b:c}}</style><p title='{text}'>{text}</p>"
    in: {text: '= get value(In, "text")'}
"""
TRAP = ["= 1 + 1", "{{secrets.DB_PASSWORD}}", "${HOME}", "{name}", "{text}", "{secret: password}"]


async def test_placeholders_take_values() -> None:
    """Numbers in plain notation, dates in ISO form; braces around anything but a name stay."""
    given = {"name": "สุดา", "address": "Suda <suda@shop.example>", "number": Decimal("1E+3"), "day": "2026-05-19"}
    mail = await sent(PLAIN, **given)
    assert mail.to == (MailAddress("suda@shop.example", "Suda"),)
    assert mail.subject == "Hello สุดา"
    assert mail.text == "Dear สุดา, 1000 on 2026-05-19. {not: a name} {}"
    assert mail.sender is None


@pytest.mark.parametrize("text", TRAP)
async def test_data_is_never_evaluated(text: str) -> None:
    """What looks like a formula or a placeholder comes out as exactly that text (trap 4)."""
    mail = await sent(PLAIN, name=text, address="a@b.example", number=1, day="2026-05-19")
    assert mail.subject == f"Hello {text}"
    assert mail.text is not None
    assert mail.text.startswith(f"Dear {text}, 1 on")
    assert (await sent(HTML, text=text)).html == HTML.split('"')[1].replace("{text}", text)


async def test_values_in_html_are_escaped() -> None:
    """Neither an element nor the end of an attribute can come in by a value."""
    mail = await sent(HTML, text='<script>x</script>\' onclick="y" &')
    assert mail.html is not None
    assert mail.html.count("&lt;script&gt;x&lt;/script&gt;&#x27; onclick=&quot;y&quot; &amp;") == 2
    assert mail.html.startswith("<style>p{color:red}@media x{a{b:c}}</style>")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "a\r\nBcc: x@y.example"}, "the subject is one line"),
        ({"name": "a\u2028b"}, "the subject is one line"),
        ({"name": "\ud800"}, "half a character"),
        ({"name": "x" * 600}, "at most 500 are sent"),
        ({"name": None}, "`{name}` takes a text, number, date or truth value, not null"),
        ({"address": "a@b.example\r\nRCPT TO:<x@y.example>"}, "it holds a control character"),
        ({"address": "a@b.example, c@d.example"}, "is no address"),
        ({"address": None}, "the mail goes to nobody"),
    ],
)
async def test_what_no_mail_can_carry_is_an_error(given: dict[str, str | None], told: str) -> None:
    """Before anything is sent, of the kind `mail.message`."""
    post = FakePost()
    everything = {"name": "n", "address": "a@b.example", "number": 1, "day": "2026-05-19"} | given
    with pytest.raises(NodeError) as caught:
        await app_of(PLAIN, post).call("F", {"In": everything})
    assert (caught.value.kind, caught.value.retryable) == ("mail.message", False)
    assert told in caught.value.message
    assert post.mails == []


async def test_addresses_of_every_form() -> None:
    """Texts, formulas, lists of both, contexts of name and address; each once, null for none."""
    mail = await sent(
        """
    from: {name: = In.name, address: = In.address}
    to: [a@b.example, = In.many, = In.text]
    cc: '= [{name: "C", address: "c@d.example"}, {address: null}]'
    bcc: = In.many
    reply_to: Desk <desk@shop.example>
    subject: '= "S " + (if In.name = null then "" else In.name)'
    text: '= if In.name = null then "" else In.name'
    attachments: '= [{name: "a.txt", text: "t"}, {name: "b", text: null}]'
""",
        name="Evil <x@y.example>, Q",
        address="shop@shop.example",
        many=["m@n.example", "M <m@n.example>", "m@n.example"],
    )
    assert mail.sender == MailAddress("shop@shop.example", "Evil <x@y.example>, Q")
    assert [each.address for each in mail.to] == ["a@b.example", "m@n.example", "m@n.example"]
    assert mail.recipients == ["a@b.example", "m@n.example", "c@d.example"]
    assert mail.cc == (MailAddress("c@d.example", "C"),)
    assert mail.reply_to == (MailAddress("desk@shop.example", "Desk"),)
    assert (mail.subject, mail.text) == ("S Evil <x@y.example>, Q", "Evil <x@y.example>, Q")
    assert [(each.name, each.content) for each in mail.attachments] == [("a.txt", b"t")]


ATTACHED = """
    to: a@b.example
    subject: s
    text: t
    attachments:
      - {file: files/terms.txt}
      - {file: files/terms.txt, name: = In.name, type: text/plain}
      - {name: b.bin, type: application/x-b, base64: = In.text}
      - {name: a.json, text: '{"a": 1}'}
"""


async def test_attachments() -> None:
    """Shared files, texts and bytes; the type follows from the name where it is not said."""
    mail = await sent(ATTACHED, name="ข้อตกลง.txt", text=base64.b64encode(b"\0\1").decode())
    assert [(each.name, each.type, each.content) for each in mail.attachments] == [
        ("terms.txt", "text/plain", b"terms"),
        ("ข้อตกลง.txt", "text/plain", b"terms"),
        ("b.bin", "application/x-b", b"\0\1"),
        ("a.json", "application/json", b'{"a": 1}'),
    ]


@pytest.mark.parametrize(("name", "text"), [("../a", "AA=="), ("a\n", "AA=="), ("", "AA=="), ("a", "A?==")])
async def test_attachments_that_are_none(name: str, text: str) -> None:
    """A name with a folder or a line's end, and bytes that are no base64."""
    with pytest.raises(NodeError) as caught:
        await sent(ATTACHED, name=name, text=text)
    assert caught.value.kind == "mail.message"


OUT = """
    to: a@b.example
    subject: s
    text: t
    out: {Out.id: = message_id, Out.accepted: = accepted, Out.refused: = refused}
    catch:
      - {error: mail, to: End, out: {Out.kind: = error.kind, Out.id: '= string(error.data.status)'}}
"""


async def test_the_flow_learns_who_was_refused() -> None:
    """And which id the mail has."""
    post = FakePost()
    post.refused = (RefusedRecipient(address="c@d.example", status=550, message="gone"),)
    assert (await app_of(OUT, post).call("F", {"In": {}}))["Out"] == {
        "id": "<1@shop.example>",
        "accepted": ["a@b.example"],
        "refused": [{"address": "c@d.example", "status": 550, "message": "gone"}],
        "kind": None,
    }


async def test_a_catch_reads_the_status() -> None:
    """The data's numbers are those of formulas."""
    post = FakePost()
    post.error = NodeError("it refused.", kind="mail.refused", data={"status": 554, "message": "spam"})
    out = (await app_of(OUT, post).call("F", {"In": {}}))["Out"]
    assert (out["kind"], out["id"]) == ("mail.refused", "554")


async def test_the_caller_needs_the_permission() -> None:
    """`connection`, the connection's name, `use`."""
    post = FakePost()
    with pytest.raises(NodeError) as caught:
        await app_of(OUT, post).call("F", {"In": {}}, principal=Principal(username="guest"))
    assert caught.value.kind == "permission"
    assert post.mails == []
