"""A mail as the bytes that go over the network (RFC 5322, MIME): the parts by Python's classes, the headers by ours."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Final

from microflow_runtime.engine.mail import Mail
from microflow_runtime.model.mail_address import MailAddress
from microflow_runtime.runtime.mail import headers
from microflow_runtime.runtime.mail.headers import Written

_MOST_LINE: Final = 998
_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_LONG: Final = re.compile(rb"[^\r\n]{%d}" % (_MOST_LINE + 1))
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


class _WirePolicy(EmailPolicy):
    """Leaves a header that is written as it is, where the classes above it would read it and decode words in it."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return (name, value) if isinstance(value, Written) else super().header_store_parse(name, value)

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return value if isinstance(value, Written) else super().header_fetch_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        if isinstance(value, Written):
            return f"{name}: {value}\r\n".encode()
        folded: bytes = super().fold_binary(name, value)
        return folded


_POLICY: Final = _WirePolicy(linesep="\r\n", cte_type="7bit", raise_on_defect=True)
"""Nothing but ASCII on the way, so that every server takes it; addresses that have no ASCII form are in UTF-8 (RFC 6532)."""


def is_international(mail: Mail, sender: MailAddress) -> bool:
    """Tell whether an address has no ASCII form, so that the server has to know SMTPUTF8 (RFC 6531)."""
    everyone = (sender, *mail.to, *mail.cc, *mail.bcc, *mail.reply_to)
    return not all(each.address.isascii() for each in everyone)


def write_mail(mail: Mail, sender: MailAddress, message_id: str) -> bytes:
    """Give the bytes of a mail, every line ended by CR LF and dots at their beginning doubled. Hidden recipients are not in it.

    What the mail says is data: no text of it is decoded on the way. Raises ValueError for a mail that cannot be written so.
    """
    message: EmailMessage = EmailMessage(_POLICY)
    message["From"] = headers.addresses((sender,))
    for name, addresses in (("To", mail.to), ("Cc", mail.cc), ("Reply-To", mail.reply_to)):
        if addresses:
            message[name] = headers.addresses(addresses)
    message["Subject"] = headers.subject(mail.subject)
    message["Date"] = headers.token(format_datetime(datetime.now(UTC)))
    message["Message-ID"] = headers.token(message_id)
    message["Auto-Submitted"] = headers.token("auto-generated")
    if mail.text is not None:
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
    elif mail.html is not None:
        message.set_content(mail.html, subtype="html")
    for each in mail.attachments:
        main, _, sub = each.type.partition(";")[0].strip().partition("/")
        params = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(each.content, maintype=main, subtype=sub, params=params)
        *_, part = message.iter_parts()
        part.replace_header("Content-Disposition", headers.attachment(each.name))
    return _on_the_wire(message.as_bytes())


def _on_the_wire(written: bytes) -> bytes:
    """Double the dots that begin a line, after a look at every line end: a bare one may end a mail early and begin commands."""
    if _BARE.search(written):
        raise ValueError("a line of it ends by something else than CR LF, or it holds a NUL")
    if _LONG.search(written):
        raise ValueError(f"a line of it has more than {_MOST_LINE} bytes")
    return _DOT.sub(b"..", written)
