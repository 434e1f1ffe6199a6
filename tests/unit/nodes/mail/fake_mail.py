"""A flow with one mail node, and a connection that takes mail without a network."""

from typing import Any

from tests.unit.small_apps import FakeSources, SmallApp, told

from microflow_runtime.engine.mail import Mail, MailReceipt, RefusedRecipient
from microflow_runtime.errors import NodeError
from microflow_runtime.model.app import App

APP = """
app: Shop
version: v.1.0.0
connections:
  post: {type: smtp, host: mail.example, from: shop@shop.example}
  web: {url: "https://api.example"}
"""
NOTE = """
business_object: Note
fields: {name: string?, address: string?, text: string?, number: decimal?, day: date?, many: [string]}
"""
SENT = """
business_object: Sent
fields: {id: string?, accepted: [string], refused: [Lost], kind: string?}
"""
LOST = """
business_object: Lost
fields: {address: string, status: integer, message: string}
"""
FLOW = """
microflow: F
inputs: {In: Note}
outputs: {Out: Sent}
nodes:
  Start: {type: start, next: Tell}
  Tell:
    type: mail
    connection: post
KEYS
    next: End
  End: {type: end}
"""
FILES = {"files/terms.txt": b"terms"}


class FakePost(FakeSources):
    """Resources that keep the mails that they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Mail] = []
        self.refused: tuple[RefusedRecipient, ...] = ()
        self.error: NodeError | None = None

    async def send_mail(self, app: App, connection: str, mail: Mail) -> MailReceipt:
        """Keep it."""
        assert app.connections[connection].type == "smtp"
        if self.error is not None:
            raise self.error
        self.mails.append(mail)
        return MailReceipt(message_id="<1@shop.example>", accepted=tuple(mail.recipients), refused=self.refused)


def texts(keys: str) -> tuple[str, ...]:
    """Give the definitions of the app whose node has these keys, indented by four."""
    return APP, NOTE, SENT, LOST, FLOW.replace("KEYS", keys.strip("\n"))


def app_of(keys: str, post: FakePost) -> SmallApp:
    """Give the app."""
    return SmallApp(*texts(keys), sources=post, files=FILES)


def told_of(keys: str) -> str:
    """Give what is wrong with it."""
    return told(*texts(keys), files=FILES)


async def sent(keys: str, **given: Any) -> Mail:
    """Call the flow and give the mail that it sent."""
    post = FakePost()
    await app_of(keys, post).call("F", {"In": given})
    (mail,) = post.mails
    return mail
