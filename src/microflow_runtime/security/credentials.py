"""What a request says about who makes it, taken apart: the token of its headers, the session ids of its cookies."""

import msgspec

from microflow_runtime.errors import NotAuthenticated
from microflow_runtime.security.origin import RequestOrigin
from microflow_runtime.security.tokens import ACCESS_TOKEN, SESSION_ID, is_token

COOKIE_NAME = "JSESSIONID"
_COOKIE = COOKIE_NAME.encode("ascii")
_MOST_HEADER_BYTES = 512
_MOST_COOKIES = 4


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Raw header values, None where a header is absent. `is_state_changing` asks for proof of a cookie's origin."""

    authorization: bytes | None = None
    iam_token: bytes | None = None
    cookie: bytes | None = None
    is_state_changing: bool = True
    origin: RequestOrigin = RequestOrigin()


def read_header_token(authorization: bytes | None, iam_token: bytes | None) -> bytes | None:
    """Give the access token of the headers, None when both are absent or empty.

    Raises NotAuthenticated when a header holds anything but one token of ours, or the two hold different ones.
    """
    bearer = _read_bearer((authorization or b"").strip())
    plain = _read_token((iam_token or b"").strip())
    if bearer is not None and plain is not None and bearer != plain:
        raise NotAuthenticated("Authorization and IAMToken name different sessions.")
    return bearer if bearer is not None else plain


def _read_bearer(value: bytes) -> bytes | None:
    if not value:
        return None
    scheme, _, token = value.partition(b" ")
    if scheme.lower() != b"bearer":
        raise NotAuthenticated("Authorization must be Bearer and an access token.")
    return _read_token(token.strip()) or _refuse()


def _read_token(value: bytes) -> bytes | None:
    if not value:
        return None
    if len(value) > _MOST_HEADER_BYTES or not is_token(ACCESS_TOKEN, value):
        _refuse()
    return value


def _refuse() -> bytes:
    raise NotAuthenticated("There is no such session.")


def read_session_ids(cookie: bytes | None) -> list[bytes]:
    """Give the session ids in a Cookie header, without a `.pod` suffix; what cannot be one of ours is left out.

    Other servers on the same host use the same name for their cookie, so a foreign value is no offence.
    """
    found: list[bytes] = []
    for pair in (cookie or b"").split(b";"):
        name, _, value = pair.partition(b"=")
        session_id = value.strip().strip(b'"').partition(b".")[0]
        if name.strip() == _COOKIE and session_id not in found and is_token(SESSION_ID, session_id):
            found.append(session_id)
    return found[:_MOST_COOKIES]
