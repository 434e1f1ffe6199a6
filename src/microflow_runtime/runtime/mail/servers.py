"""The mail servers of one process, by the connections of the apps that name them."""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Final

import msgspec

from microflow_runtime.compiler.reading.connections import settings_in
from microflow_runtime.engine.mail import Mail, MailReceipt
from microflow_runtime.errors import NodeError, SettingsError
from microflow_runtime.model.app import App
from microflow_runtime.model.smtp_connection import SmtpConnection
from microflow_runtime.runtime.connections.egress import EgressRules, Resolve, SystemResolver, read_networks
from microflow_runtime.runtime.connections.keyring import Keyring
from microflow_runtime.runtime.connections.tls import own_context, usual_context
from microflow_runtime.runtime.environment import in_environment
from microflow_runtime.runtime.mail.conversation import Conversation
from microflow_runtime.runtime.mail.failures import FOREIGN, failure
from microflow_runtime.runtime.mail.message import is_international, write_mail
from microflow_runtime.settings import Secrets, Settings

_LARGE: Final = 64 * 1024
"""A mail with so many bytes of content is written in a thread, so that others get on meanwhile."""
_Key = tuple[str, str, bytes]
"""What a server is known by: app, name, and its definition with the variables of the environment."""


class MailServer:
    """One connection in one worker. `under_way` is how many mails it sends now."""

    def __init__(self, name: str, smtp: SmtpConnection, rules: EgressRules, resolve: Resolve, secrets: Secrets) -> None:
        self._name = name
        self._smtp = smtp
        self._rules = rules
        self._resolve = resolve
        self._secrets = secrets
        self._keyring = Keyring(secrets)
        self._tls: ssl.SSLContext | None = None
        self.under_way = 0

    async def send(self, mail: Mail) -> MailReceipt:
        """Send a mail. Raises NodeError as `Resources.send_mail` says."""
        if self.under_way >= self._smtp.pool_size:
            message = f'{self.under_way} mails of the connection "{self._name}" are under way, which is its limit.'
            raise NodeError(message, kind="mail.busy", retryable=True)
        self.under_way += 1
        try:
            return await self._send(mail)
        except SettingsError as error:
            message = f'the connection "{self._name}" cannot be used: {error.message}'
            raise NodeError(message, kind="mail.settings") from error
        except NodeError as error:
            error.message = f'the connection "{self._name}": {error.message}'
            raise
        finally:
            self.under_way -= 1

    async def _send(self, mail: Mail) -> MailReceipt:
        sender = mail.sender or self._smtp.sender
        if sender is None:
            raise NodeError("neither it nor the node says who the mail is from.", kind="mail.message")
        recipients = mail.recipients
        if len(recipients) > self._smtp.recipients:
            told = f"the mail has {len(recipients)} recipients; at most {self._smtp.recipients} are allowed."
            raise NodeError(told, kind="mail.message")
        size = sum(len(each.content) for each in mail.attachments) + len(mail.text or "") + len(mail.html or "")
        if size > self._smtp.mail_bytes:
            raise self._too_large(size)
        message_id = f"<{mail.message_id}@{sender.address.rpartition('@')[2]}>"
        try:
            if size < _LARGE:
                message = write_mail(mail, sender, message_id)
            else:
                message = await asyncio.to_thread(write_mail, mail, sender, message_id)
        except (ValueError, LookupError) as error:
            raise NodeError(f"the mail cannot be written: {error}.", kind="mail.message") from error
        if len(message) > self._smtp.mail_bytes:
            raise self._too_large(len(message))
        username, password = self._smtp.username, self._password()
        secrets = [password] if password else []
        talk = Conversation(self._smtp)
        is_done = False
        try:
            await talk.open(self._rules, self._resolve, self._tls_context())
            if username is not None and password is not None:
                await talk.sign_in(username, password)
            international = is_international(mail, sender)
            refused = await talk.send(sender.address, recipients, message, secrets, is_international=international)
            is_done = True
        except FOREIGN as error:
            raise failure(error, talk.phase, secrets) from error
        finally:
            talk.close(at_once=not is_done)
        lost = {each.address for each in refused}
        accepted = tuple(address for address in recipients if address not in lost)
        return MailReceipt(message_id=message_id, accepted=accepted, refused=tuple(refused))

    def _password(self) -> str | None:
        return self._keyring.reveal(self._smtp.password) if self._smtp.password is not None else None

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._smtp.security == "none":
            return None
        if self._tls is None:
            self._tls = usual_context() if self._smtp.tls is None else own_context(self._smtp.tls, self._secrets)
        return self._tls

    def _too_large(self, size: int) -> NodeError:
        return NodeError(
            f"the mail has {size} bytes; at most {self._smtp.mail_bytes} are allowed.", kind="mail.message"
        )


class MailServers:
    """Implements the part of `Resources` that sends mail."""

    def __init__(self, settings: Settings, secrets: Secrets | None = None, *, resolve: Resolve | None = None) -> None:
        """`resolve` stands in for the system's look-up of names. Raises SettingsError when `private_networks` names what is no network."""
        self._settings = settings
        self._secrets = secrets or Secrets(settings.secrets_folder)
        self._networks = read_networks(settings.private_networks)
        self._system = SystemResolver()
        self._resolve = resolve or self._system
        self._known: dict[_Key, MailServer] = {}

    async def send_mail(self, app: App, connection: str, mail: Mail) -> MailReceipt:
        """Send one mail. Source of the contract: `engine.contract.Resources`."""
        return await self._server(app, connection).send(mail)

    def keep_only(self, apps: Iterable[App]) -> None:
        """Forget the servers that none of these apps defines so; mails under way are sent to their end."""
        wanted = {self._key(app, name) for app in apps for name, each in app.connections.items() if each.type == "smtp"}
        self._known = {key: server for key, server in self._known.items() if key in wanted}

    def close(self) -> None:
        """Begin no further look-up of names. Nothing else is kept open."""
        self._system.close()

    def _key(self, app: App, connection: str) -> _Key:
        environment = in_environment(app, self._settings).environments.get(self._settings.environment)
        variables = environment.variables if environment else {}
        return app.name, connection, msgspec.json.encode((app.connections[connection], variables))

    def _server(self, app: App, connection: str) -> MailServer:
        key = self._key(app, connection)
        found = self._known.get(key)
        if found is None:
            try:
                smtp = settings_in(in_environment(app, self._settings), connection, self._settings.environment)
                if not isinstance(smtp, SmtpConnection):
                    raise SettingsError(f'"{connection}" of {app.name} is no connection of the type smtp')
            except SettingsError as error:
                message = f'the connection "{connection}" cannot be used: {error.message}'
                raise NodeError(message, kind="mail.settings") from error
            rules = EgressRules(self._networks, smtp.place)
            found = self._known[key] = MailServer(connection, smtp, rules, self._resolve, self._secrets)
        return found
