"""The mail servers that the apps' connections of the type `smtp` name: each mail has a connection of its own.

Others use: `MailServers`.
"""

from microflow_runtime.runtime.mail.servers import MailServers

__all__ = ["MailServers"]
