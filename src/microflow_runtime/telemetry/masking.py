"""Takes out of a text what must not be read in it: tokens, and characters that steer a terminal."""

import re

MASK = "***"

_OUR_TOKEN = re.compile(r"\b(mf[a-z]?1_)[A-Za-z0-9_\-]+")
_TOKEN_PATH = re.compile(
    r"(/IAM2RESTService/services/v1/(?:perms|userinfo|checksessionByAccessToken|checksession|logout)/)[^/?#\s]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]+", re.IGNORECASE)
_TOKEN_QUERY = re.compile(
    r"([?&](?:token|access_token|refresh_token|code|client_secret|password)=)[^&#\s]+", re.IGNORECASE
)


def mask_tokens(text: str) -> str:
    """Give the text with every access token, session id and credential of ours replaced by `***`.

    Knows tokens by their prefix wherever they stand, whatever stands in the place of a token in an IAM2 path, in an
    `Authorization` value and in a query.
    """
    text = _TOKEN_PATH.sub(rf"\1{MASK}", text)
    text = _TOKEN_QUERY.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _OUR_TOKEN.sub(rf"\1{MASK}", text)


def escape_controls(text: str) -> str:
    r"""Give the text with control, line-breaking and direction-changing characters shown as escapes, as `\n` or `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char == " " else char.encode("unicode_escape").decode("ascii") for char in text
    )
