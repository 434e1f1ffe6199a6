"""What a node asks of a mail server and what it gets, without a word about how a mail looks on its way."""

import msgspec

from microflow_runtime.model.mail_address import MailAddress


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes along. `name` has no control character and no folder, `type` is as `application/pdf`."""

    name: str
    type: str
    content: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail. Without a `sender` it is from whom the connection says. It has a `text`, an `html` or both.

    `message_id` is the part before the `@` of the mail's own id; `subject` has no control character.
    """

    message_id: str
    sender: MailAddress | None = None
    to: tuple[MailAddress, ...] = ()
    cc: tuple[MailAddress, ...] = ()
    bcc: tuple[MailAddress, ...] = ()
    reply_to: tuple[MailAddress, ...] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def recipients(self) -> list[str]:
        """The addresses that it goes to, each once."""
        return list(dict.fromkeys(each.address for each in (*self.to, *self.cc, *self.bcc)))


class RefusedRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient that the server did not take, with the status and the text that it said."""

    address: str
    status: int
    message: str


class MailReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """That the server took the mail for at least one recipient. `message_id` is written as `<…@…>`."""

    message_id: str
    accepted: tuple[str, ...]
    refused: tuple[RefusedRecipient, ...] = ()
