"""What a redirect is allowed to do: few hops, each checked anew, and nothing secret to another origin."""

from typing import Final
from urllib.parse import urljoin

from microflow_runtime.engine.http import HttpReply
from microflow_runtime.errors import NodeError
from microflow_runtime.runtime.connections.message import Origin, Sent, shown_origin, split_url

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEP_METHOD: Final = frozenset({307, 308})
_NEUTRAL: Final = frozenset({"accept", "user-agent"})
"""All that another origin is told of the headers."""


def next_hop(sent: Sent, reply: HttpReply, home: Origin) -> Sent:
    """Give the request that a redirect asks for.

    Raises NodeError of kind `http.redirect` when it leads nowhere, from https to http, or takes a body elsewhere. Who has
    left the connection's own origin once does not come back with its credentials.
    """
    origin, target = _where(sent, reply)
    if sent.origin[0] == "https" and origin[0] == "http":
        raise _refused(f"the server redirects from https to {shown_origin(origin)}")
    keeps = reply.status in _KEEP_METHOD or sent.method in {"GET", "HEAD"}
    method = sent.method if keeps else "GET"
    body = sent.body if keeps else b""
    headers = sent.headers if keeps else tuple(each for each in sent.headers if each[0].lower() != "content-type")
    at_home = sent.at_home and origin == home
    if not at_home:
        if body:
            raise _refused(f"the server redirects a body to {shown_origin(origin)}")
        headers = tuple(each for each in headers if each[0].lower() in _NEUTRAL)
    return Sent(method=method, origin=origin, target=target, headers=headers, body=body, at_home=at_home)


def too_many(most: int) -> NodeError:
    """Give the error of a chain of redirects that does not end."""
    return _refused(f"the server redirects more than {most} times")


def _where(sent: Sent, reply: HttpReply) -> tuple[Origin, str]:
    location = reply.headers.get("location", "")
    if not location:
        raise _refused("the server redirects without saying where")
    try:
        return split_url(urljoin(shown_origin(sent.origin) + sent.target, location.partition("#")[0]))
    except ValueError as error:
        raise _refused("the server redirects to what is no http or https address") from error


def _refused(sentence: str) -> NodeError:
    return NodeError(f"{sentence}.", kind="http.redirect")
