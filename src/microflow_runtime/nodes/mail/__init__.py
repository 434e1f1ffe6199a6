"""The node that sends mail: its settings, templates, addresses and attachments.

Others use: `MailNode`.
"""

from microflow_runtime.nodes.mail.node import MailNode

__all__ = ["MailNode"]
