"""From the raw headers of a request to the principal that makes it."""

from collections.abc import Iterable

from microflow_runtime.errors import NotAuthenticated, NotPermitted
from microflow_runtime.model.principal import Principal
from microflow_runtime.security import Credentials, RequestOrigin, Security

_WANTED = frozenset((b"authorization", b"iamtoken", b"cookie", b"host", b"sec-fetch-site", b"origin", b"referer"))


def read_credentials(
    headers: Iterable[tuple[bytes, bytes]], *, scheme: str = "http", is_state_changing: bool = True
) -> Credentials:
    """Take what speaks of the caller out of a request's headers (names in lower case, as ASGI gives them).

    A header that comes twice is joined with a comma, so that two tokens are never one; cookies are joined as cookies.
    """
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _WANTED:
            joint = b"; " if name == b"cookie" else b", "
            found[name] = found[name] + joint + value if name in found else value
    return Credentials(
        authorization=found.get(b"authorization"),
        iam_token=found.get(b"iamtoken"),
        cookie=found.get(b"cookie"),
        is_state_changing=is_state_changing,
        origin=RequestOrigin(
            scheme=scheme,
            host=_text(found, b"host"),
            sec_fetch_site=_text(found, b"sec-fetch-site").lower(),
            origin=_text(found, b"origin"),
            referer=_text(found, b"referer"),
        ),
    )


def _text(found: dict[bytes, bytes], name: bytes) -> str:
    return found.get(name, b"").decode("latin-1").strip()


async def find_principal(security: Security, credentials: Credentials, *, address: str = "") -> Principal:
    """Find who makes a call, by the quick way where it is open; `ANONYMOUS` when no credential came.

    A refusal is audited. Raises NotAuthenticated, NotPermitted, StoreError as `Security.authenticate`.
    """
    known = security.authenticate_fast(credentials.authorization, credentials.iam_token, credentials.cookie)
    if known is not None:
        return known
    try:
        return await security.authenticate(credentials)
    except (NotAuthenticated, NotPermitted) as refusal:
        await security.audit_refusal(f"caller at {address}", "authenticate", "session", detail=refusal.message)
        raise
