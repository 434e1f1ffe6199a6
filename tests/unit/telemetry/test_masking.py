"""Masking of tokens and of characters that steer a terminal."""

import pytest

from microflow_runtime.telemetry import escape_controls, mask_tokens

TOKEN = "mf1_2qG_k6F2voKhhB12J1aRvII-L7p7TqCXtw2vWScydgIihB4z"


@pytest.mark.parametrize(
    "text",
    [
        f"/IAM2RESTService/services/v1/perms/{TOKEN}",
        f"/oneweb/IAM2RESTService/services/v1/perms/{TOKEN}/microflow/Demo",
        f"/iam2restservice/services/v1/LOGOUT/{TOKEN}",
        "/IAM2RESTService/services/v1/userinfo/wrong-but-secret",
        "/IAM2RESTService/services/v1/checksession/wrong-but-secret?x=1",
        f"Authorization: Bearer {TOKEN}",
        "Authorization: Basic d3JvbmctYnV0LXNlY3JldA==",
        f"JSESSIONID=mfs1_{TOKEN[4:]}.pod1",
        "/oauth/check_token?token=wrong-but-secret&x=1",
    ],
)
def test_tokens_are_masked_wherever_they_stand(text: str) -> None:
    """Nothing of a token is left, and stars tell that there was one."""
    masked = mask_tokens(text)
    assert TOKEN[4:20] not in masked
    assert "wrong-but-secret" not in masked
    assert "d3Jvb" not in masked
    assert "***" in masked


def test_the_rest_of_a_text_stays() -> None:
    """Masking takes the token and nothing else."""
    assert mask_tokens(f"GET /IAM2RESTService/services/v1/perms/{TOKEN}/a/b?c=1") == (
        "GET /IAM2RESTService/services/v1/perms/***/a/b?c=1"
    )
    assert mask_tokens("flow Demo/ExchangeRate failed") == "flow Demo/ExchangeRate failed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("สวัสดี plain", "สวัสดี plain"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eright to left\u2028", "\\u202eright to left\\u2028"),
    ],
)
def test_controls_become_visible(text: str, shown: str) -> None:
    """What would move a cursor or hide text is shown as an escape, other scripts stay as they are."""
    assert escape_controls(text) == shown
