"""The bytes that a server receives: what a caller sends is data, whatever it looks like."""

import re
from pathlib import Path

import pytest
from tests.servers.mail import MailServer, mail_server
from tests.unit.runtime.mail.test_servers import Post

from microflow_runtime.engine.mail import Attachment, Mail
from microflow_runtime.model.mail_address import MailAddress, read_address
from microflow_runtime.runtime.mail.message import write_mail

ENDS_A_LINE = "=?utf-8?q?x=0D=0ABcc:_thief@evil.example?="
ENDS_THE_MAIL = "=?utf-8?b?eAouCk1BSUwgRlJPTTo8dGhpZWZAZXZpbC5leGFtcGxlPgo=?="  # x\n.\nMAIL FROM:<thief@evil.example>\n
HOSTILE = (
    ENDS_A_LINE,
    ENDS_THE_MAIL,
    f"a {ENDS_THE_MAIL} b",
    f"สวัสดี {ENDS_A_LINE}",
    "=?utf-8?q?x=0A?= =?utf-8?q?=0A.=0A?=",
    "=?x?",
    '"; x="',
    "<thief@evil.example>",
)
HEADERS = {"From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"}
PARTS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"}


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """Give what sends."""
    return Post(tmp_path)


def content_of(server: MailServer) -> bytes:
    """Give what came between DATA and the end of the mail, after a look at all bytes of the conversation."""
    raw = bytes(server.raw)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw), "a bare line end, or a NUL"
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    commands, _, rest = raw.partition(b"DATA\r\n")
    content, _, after = rest.partition(b"\r\n.\r\n")
    assert after in {b"", b"QUIT\r\n"}
    assert re.fullmatch(
        rb"EHLO \[127\.0\.0\.1\]\r\nMAIL FROM:<[^\r\n>]+>( SIZE=\d+)?( SMTPUTF8)?\r\n(RCPT TO:<[^\r\n>]+>\r\n)+",
        commands,
    )
    return content


def headers_in(content: bytes) -> list[str]:
    """Give the names of the mail's own headers, in order."""
    head = content.partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]


@pytest.mark.parametrize("text", HOSTILE)
async def test_words_that_look_encoded_stay_data(post: Post, text: str) -> None:
    """In the subject, in names, in the names of files and in the bodies: no header, no command and no line comes out of them."""
    everyone = [MailAddress(f"{place}@shop.example", text) for place in ("from", "to", "cc", "bcc", "reply")]
    sender, to, cc, bcc, reply_to = everyone
    mail = Mail(
        message_id="m",
        sender=sender,
        to=(to,),
        cc=(cc,),
        bcc=(bcc,),
        reply_to=(reply_to,),
        subject=text,
        text=text,
        html=text,
        attachments=(Attachment(name=text.replace("/", ""), type="text/plain", content=text.encode()),),
    )
    async with mail_server() as server:
        await post.send(server, mail)
        content = content_of(server)
        (came,) = server.received
    assert sorted(headers_in(content)) == sorted({*HEADERS, "Content-Type"})
    assert {
        line.partition(b":")[0].decode() for line in re.findall(rb"(?m)^[A-Z][A-Za-z-]+: ", content)
    } <= HEADERS | PARTS
    assert (came.sender, came.recipients) == (
        "from@shop.example",
        ["to@shop.example", "cc@shop.example", "bcc@shop.example"],
    )
    assert came.text == f"{text}\n"


@pytest.mark.parametrize(
    "text",
    [
        "a\rb\nc\r\nd",
        "\n.\nMAIL FROM:<x@evil.example>\n",
        "\r\n.\r\n",
        ".",
        "..a\n.b",
        "long " + "x" * 5000,
        "x" * 998 + "\n." + "y" * 997,
        "สวัสดี\n.\n" * 30,
        "\x0b\x0c\x1c\x1d\x1e\x7f",
        "Å\x85 \u2028é",
        "From here\nFrom there",
        "trailing \nspaces\t\n",
        "",
    ],
)
async def test_bodies_arrive_whole(post: Post, text: str) -> None:
    """Every line ends by CR LF, dots are doubled, and long lines are parted, on the way only."""
    expected = "\n".join([*re.split(r"\r\n|\r|\n", text.rstrip("\r\n") if text.endswith(("\r", "\n")) else text), ""])
    file = Attachment(name="a.bin", type="application/octet-stream", content=text.encode())
    async with mail_server() as server:
        await post.send(server, Mail(message_id="m", to=(MailAddress("a@b.example"),), text=text, attachments=(file,)))
        content_of(server)
        (came,) = server.received
    (attached,) = came.message.iter_attachments()
    assert attached.get_content() == text.encode()
    trailing = len(text) - len(text.rstrip("\r\n"))
    assert came.text.rstrip("\n") == expected.rstrip("\n")
    assert trailing or came.text == expected


async def test_a_mailbox_beyond_ascii_goes_as_it_is(post: Post) -> None:
    """Only the address is in UTF-8; names and subject are encoded."""
    mail = Mail(message_id="m", to=(MailAddress("สุดา@shop.example", "สุดา"),), subject="สวัสดี", text="t")
    async with mail_server(enable_SMTPUTF8=True) as server:
        await post.send(server, mail)
        content = content_of(server)
    assert "\r\n <สุดา@shop.example>\r\n".encode() in content
    assert content.replace("สุดา@shop.example".encode(), b"").isascii()


@pytest.mark.parametrize("address", ["=?utf-8?q?x?=@shop.example", "a=?b@shop.example"])
def test_a_mailbox_that_looks_encoded_is_refused(address: str) -> None:
    """It has no form that every reader takes as it stands."""
    with pytest.raises(ValueError, match="would decode"):
        read_address(address)


def test_what_would_end_a_line_early_is_not_sent() -> None:
    """The last look is at the bytes, whoever made the mail."""
    to = (MailAddress("a@b.example"),)
    for mail in (
        Mail(message_id="m", to=to, subject="a\nb", text="t"),
        Mail(message_id="m", to=to, text="a\0b"),
        Mail(message_id="m\r\nx", to=to, text="t"),
    ):
        with pytest.raises(ValueError, match="holds"):
            write_mail(mail, to[0], f"<{mail.message_id}@b.example>")
