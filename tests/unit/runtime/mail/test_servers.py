"""Sending by a connection of the type `smtp`, against servers that take mail and servers that do not."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.servers.mail import MailServer, mail_server
from tests.unit.runtime.connections.authority import Authority

from microflow_runtime.engine.mail import Attachment, Mail, MailReceipt
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App, Connection, Environment
from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.runtime.mail import MailServers
from microflow_runtime.settings import Secrets, Settings

SUDA = MailAddress("suda@shop.example", "สุดา")
MAIL = Mail(message_id="m1", to=(SUDA,), subject="สวัสดี", text="Hello.\n.\nBye.")
SECRET = "p4ss-c4n4ry"


class Post:
    """Sends mail by the connection `mail`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority()

    def servers(self, **more: Any) -> MailServers:
        """Give servers that know the secrets."""
        resolve = more.pop("resolve", None)
        settings = Settings(home=self.folder, **more)
        variables = {"MICROFLOW_SECRET_PASSWORD": SECRET, "MICROFLOW_SECRET_AUTHORITY": self.authority.pem}
        secrets = Secrets(settings.secrets_folder, variables)
        return MailServers(settings, secrets, resolve=resolve)

    async def send(self, server: MailServer, mail: Mail = MAIL, **keys: Any) -> MailReceipt:
        """Send a mail by a connection with these keys."""
        servers = self.servers()
        try:
            return await servers.send_mail(app_of(server.port, **keys), "mail", mail)
        finally:
            servers.close()

    async def fails(self, server: MailServer, mail: Mail = MAIL, **keys: Any) -> NodeError:
        """Send a mail that has to fail, and give its error."""
        with pytest.raises(NodeError) as caught:
            await self.send(server, mail, **keys)
        assert SECRET not in f"{caught.value.message} {caught.value.data}"
        return caught.value


def app_of(port: int, **keys: Any) -> App:
    """Give an app with one connection."""
    settings = {"host": "127.0.0.1", "port": "{port}", "security": "none", "from": "Shop <shop@shop.example>"} | keys
    return App(
        name="Shop",
        version="v.1.0.0",
        connections={"mail": Connection(name="mail", type="smtp", settings=settings)},
        environments={"DEV": Environment(name="DEV", variables={"port": str(port)})},
    )


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """Give what sends."""
    return Post(tmp_path)


async def test_a_mail_arrives_whole(post: Post) -> None:
    """Names and subject beyond ASCII are read back as they were, a lone dot ends nothing, hidden recipients stay hidden."""
    hidden = MailAddress("hidden@shop.example")
    async with mail_server() as server:
        mail = Mail(message_id="m1", to=(SUDA,), bcc=(hidden,), subject="สวัสดี ครับ " * 12, text="Hello.\n.\nBye. ลาก่อน")
        receipt = await post.send(server, mail)
        (came,) = server.received
    assert receipt.message_id == "<m1@shop.example>"
    assert receipt.accepted == ("suda@shop.example", "hidden@shop.example")
    assert came.recipients == ["suda@shop.example", "hidden@shop.example"]
    assert came.message["To"].addresses[0].display_name == "สุดา"
    assert came.message["Subject"] == ("สวัสดี ครับ " * 12)
    assert came.message["From"] == "Shop <shop@shop.example>"
    assert came.text == "Hello.\n.\nBye. ลาก่อน\n"
    assert b"hidden" not in came.content
    assert came.content.isascii()
    assert max(map(len, came.content.split(b"\r\n"))) <= 998


async def test_text_html_and_attachments_go_together(post: Post) -> None:
    """Each part has its type; the bytes and the name of a file come as they were."""
    noise = bytes(range(256)) * 2000
    files = (
        Attachment(name="ใบเสร็จ.pdf", type="application/pdf", content=noise),
        Attachment(name="a.csv", type="text/csv", content="ก,1\r\n".encode()),
    )
    mail = Mail(message_id="m", to=(SUDA,), subject="s", text="t", html="<p>h</p>", attachments=files)
    async with mail_server() as server:
        await post.send(server, mail)
        message = server.received[0].message
        assert server.received[0].text == "t\n"
    assert message.get_body(("html",)).get_content().strip() == "<p>h</p>"
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type(), first.get_content()) == (
        "ใบเสร็จ.pdf",
        "application/pdf",
        noise,
    )
    assert (second.get_content_type(), second.get_content()) == ("text/csv", "ก,1\r\n")


async def test_some_recipients_may_be_refused(post: Post) -> None:
    """The mail goes to the others, and who was refused is told; when all are, that is an error."""
    other = MailAddress("gone@shop.example")
    mail = Mail(message_id="m", to=(SUDA, other), subject="s", text="t")
    async with mail_server() as server:
        server.answers["gone@shop.example"] = "550 No such\tuser"
        receipt = await post.send(server, mail)
        assert receipt.accepted == ("suda@shop.example",)
        assert [(each.address, each.status, each.message) for each in receipt.refused] == [
            ("gone@shop.example", 550, "No such user")
        ]
        server.answers["suda@shop.example"] = "451 Later"
        error = await post.fails(server, mail)
        assert (error.kind, error.retryable, len(error.data["refused"])) == ("mail.refused", False, 2)
        server.answers["gone@shop.example"] = "450 Busy"
        assert (await post.fails(server, mail)).retryable is True
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("point", "answer", "kind", "retryable"),
    [
        ("MAIL", "451 Later", "mail.refused", True),
        ("MAIL", "553 Not you", "mail.refused", False),
        ("DATA", "452 Full", "mail.refused", True),
        ("DATA", "554 Spam", "mail.refused", False),
    ],
)
async def test_a_refused_mail_may_come_again_when_the_server_says_so(
    post: Post, point: str, answer: str, kind: str, retryable: bool
) -> None:
    """A status from 400 to 499 is for now, one from 500 on for good; the status is in the data."""
    async with mail_server() as server:
        server.answers[point] = answer
        error = await post.fails(server)
    assert (error.kind, error.retryable) == (kind, retryable)
    assert error.data["status"] == int(answer[:3])


@pytest.mark.parametrize(("point", "retryable"), [("MAIL", True), ("suda@shop.example", True), ("DATA", False)])
async def test_a_server_that_hangs_up(post: Post, point: str, retryable: bool) -> None:
    """Before the mail was sent it may be tried again; afterwards nobody knows."""
    async with mail_server() as server:
        server.hangs_up.add(point)
        error = await post.fails(server)
    assert (error.kind, error.retryable) == ("mail", retryable)


@pytest.mark.parametrize(("point", "retryable"), [("MAIL", True), ("DATA", False)])
async def test_a_server_that_stalls(post: Post, point: str, retryable: bool) -> None:
    """Its silence is bounded by the connection's `timeout`, and no socket stays open."""

    async def stall() -> str:
        await asyncio.sleep(30)
        return "250 OK"

    async with mail_server() as server:
        server.answers[point] = stall
        error = await post.fails(server, timeout="150ms")
        await _until(lambda: server.open == 0)
    assert (error.kind, error.retryable) == ("mail.timeout", retryable)


async def test_who_is_cancelled_leaves_no_socket(post: Post) -> None:
    """As when the time of the execution is over."""

    async def stall() -> str:
        await asyncio.sleep(30)
        return "250 OK"

    async with mail_server() as server:
        server.answers["DATA"] = stall
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await post.send(server)
        await _until(lambda: server.open == 0)


async def test_signing_in(post: Post) -> None:
    """The secret is the password; a wrong one is `mail.auth`, and so is a server without any way to sign in."""
    keys = {"username": "shop", "password": {"secret": "password"}}
    async with mail_server(password=SECRET) as server:
        await post.send(server, **keys)
        assert len(server.received) == 1
        server.password = "another"
        error = await post.fails(server, **keys)
        assert (error.kind, error.retryable, error.data["status"]) == ("mail.auth", False, 535)
    async with mail_server() as server:
        assert (await post.fails(server, **keys)).kind == "mail.auth"


async def test_tls_is_not_given_up(post: Post) -> None:
    """A server without STARTTLS gets no mail, nor does one with the certificate of another host or of a stranger."""
    tls = {"authority": {"secret": "authority"}}
    good = post.authority.server_context("localhost", post.folder)
    other = post.authority.server_context("other.example", post.folder)
    stranger = Authority().server_context("localhost", post.folder)
    async with mail_server() as server:
        error = await post.fails(server, host="localhost", security="starttls", tls=tls)
        assert (error.kind, error.retryable) == ("mail.connect", False)
        assert "offers no STARTTLS" in error.message
    async with mail_server(tls_context=good, require_starttls=True) as server:
        await post.send(server, host="localhost", security="starttls", tls=tls)
        assert len(server.received) == 1
    async with mail_server(tls=good) as server:
        await post.send(server, host="localhost", security="tls", tls=tls)
        assert len(server.received) == 1
    for bad in (other, stranger):
        for security, options in (("starttls", {"tls_context": bad}), ("tls", {"tls": bad})):
            async with mail_server(**options) as server:
                error = await post.fails(server, host="localhost", security=security, tls=tls)
                assert (error.kind, error.retryable) == ("mail.connect", False)
                assert "certificate is not good" in error.message
                assert server.received == []


async def test_nobody_listens(post: Post) -> None:
    """That may be tried again."""
    async with mail_server() as server:
        pass
    error = await post.fails(server)
    assert (error.kind, error.retryable) == ("mail.connect", True)


async def test_a_private_address_is_denied(post: Post) -> None:
    """A name that leads to an address of the own network reaches nothing unless a setting permits it."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with mail_server() as server:
        app = app_of(server.port, host="mail.example")
        with pytest.raises(NodeError) as caught:
            await post.servers(resolve=resolve).send_mail(app, "mail", MAIL)
        assert (caught.value.kind, caught.value.retryable) == ("mail.denied", False)
        permitted = post.servers(resolve=resolve, private_networks=("127.0.0.0/8",))
        await permitted.send_mail(app, "mail", MAIL)
        assert len(server.received) == 1


async def test_bounds(post: Post) -> None:
    """Too many recipients, too many bytes, and too many mails at once."""
    many = tuple(MailAddress(f"a{number}@shop.example") for number in range(4))
    async with mail_server(data_size_limit=5000) as server:
        error = await post.fails(server, Mail(message_id="m", to=many, subject="s", text="t"), recipients=3)
        assert (error.kind, "4 recipients" in error.message) == ("mail.message", True)
        large = Mail(message_id="m", to=(SUDA,), subject="s", text="t" * 6000)
        assert (await post.fails(server, large, mail_bytes=5000)).kind == "mail.message"
        error = await post.fails(server, large)
        assert (error.kind, "it takes 5000 at most" in error.message) == ("mail.refused", True)
        assert server.received == []

        async def wait() -> str:
            await asyncio.sleep(0.2)
            return "250 OK"

        server.answers["DATA"] = wait
        servers, app = post.servers(), app_of(server.port, pool_size=1)
        first = asyncio.create_task(servers.send_mail(app, "mail", MAIL))
        await asyncio.sleep(0.05)
        with pytest.raises(NodeError) as caught:
            await servers.send_mail(app, "mail", MAIL)
        assert (caught.value.kind, caught.value.retryable) == ("mail.busy", True)
        await first
        servers.keep_only([])
        servers.close()


async def test_mailboxes_beyond_ascii_need_a_server_that_takes_them(post: Post) -> None:
    """With SMTPUTF8 they arrive; without it that is `mail.refused`."""
    mail = Mail(message_id="m", to=(MailAddress("สุดา@shop.example"),), subject="สวัสดี", text="t")
    async with mail_server(enable_SMTPUTF8=True) as server:
        await post.send(server, mail)
        assert server.received[0].recipients == ["สุดา@shop.example"]
    async with mail_server() as server:
        error = await post.fails(server, mail)
        assert (error.kind, error.retryable) == ("mail.refused", False)


async def test_what_a_connection_lacks(post: Post) -> None:
    """A secret that is missing, and nobody that the mail is from."""
    async with mail_server() as server:
        keys = {"username": "shop", "password": {"secret": "none-such"}}
        assert (await post.fails(server, **keys)).kind == "mail.settings"
        error = await post.fails(server, **{"from": None})
        assert (error.kind, "who the mail is from" in error.message) == ("mail.message", True)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)
