"""A mail as the bytes that go over the network (RFC 5322, MIME), made by Python's own classes."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Final

from microflow_runtime.engine.mail import Mail
from microflow_runtime.model.mail_address import MailAddress

_PLAIN: Final = SMTP.clone(cte_type="7bit")
"""Nothing but ASCII on the way, so that every server takes it."""
_UTF8: Final = SMTPUTF8.clone(cte_type="7bit")
"""With headers in UTF-8 (RFC 6532), for mailboxes that have no ASCII form."""


def is_international(mail: Mail, sender: MailAddress) -> bool:
    """Tell whether an address has no ASCII form, so that the server has to know SMTPUTF8 (RFC 6531)."""
    everyone = (sender, *mail.to, *mail.cc, *mail.bcc, *mail.reply_to)
    return not all(each.address.isascii() for each in everyone)


def write_mail(mail: Mail, sender: MailAddress, message_id: str) -> bytes:
    """Give the bytes of a mail, lines ended by CR LF and dots at their beginning doubled. Hidden recipients are not in it."""
    policy = _UTF8 if is_international(mail, sender) else _PLAIN
    message: EmailMessage = EmailMessage(policy)
    message["From"] = _shown(sender)
    for name, addresses in (("To", mail.to), ("Cc", mail.cc), ("Reply-To", mail.reply_to)):
        if addresses:
            message[name] = [_shown(each) for each in addresses]
    message["Subject"] = mail.subject
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    if mail.text is not None:
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
    elif mail.html is not None:
        message.set_content(mail.html, subtype="html")
    for each in mail.attachments:
        main, _, sub = each.type.partition(";")[0].strip().partition("/")
        params = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name, params=params)
    written: bytes = message.as_bytes()
    return written.replace(b"\r\n.", b"\r\n..")


def _shown(address: MailAddress) -> Address:
    local, _, domain = address.address.rpartition("@")
    return Address(address.name, local, domain)
