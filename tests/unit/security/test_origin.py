"""Where a call with a cookie came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microflow_runtime.security import RequestOrigin, pages_with_cookies

OURS = {"scheme": "https", "host": "mf.example"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://mf.example"},
        {"origin": "https://MF.example:443"},
        {"referer": "https://mf.example/console?x=1"},
        {"origin": "https://mf.example", "referer": "https://mf.example/x", "sec_fetch_site": "same-origin"},
    ],
)
def test_our_own_pages_are_ours(headers: dict[str, str]) -> None:
    """No header at all (curl, Java), or headers that name this server."""
    assert RequestOrigin(**OURS, **headers).is_ours()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "nonsense"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://mf.example.evil.example"},
        {"origin": "https://mf.example@evil.example"},
        {"origin": "http://mf.example"},
        {"origin": "https://mf.example:8443"},
        {"origin": "https://mf.example:99999"},
        {"origin": "https://[::1"},
        {"referer": "https://evil.example/https://mf.example"},
        {"origin": "https://mf.example", "referer": "https://evil.example/"},
        {"origin": "https://mf.example, https://evil.example"},
        {"origin": "https://evil.example", "sec_fetch_site": "same-origin"},
    ],
)
def test_other_pages_are_not(headers: dict[str, str]) -> None:
    """One header that speaks against it is enough."""
    assert not RequestOrigin(**OURS, **headers).is_ours()


def test_a_proxy_that_hides_https_does_not_lock_our_pages_out() -> None:
    """What the browser calls same-origin may differ in scheme, never in host."""
    plain = {"scheme": "http", "host": "mf.example", "sec_fetch_site": "same-origin"}
    assert RequestOrigin(**plain, origin="https://mf.example").is_ours()
    assert not RequestOrigin(**plain, origin="https://evil.example").is_ours()


def test_without_a_host_nothing_is_ours() -> None:
    """An origin cannot be compared with an absent host."""
    assert not RequestOrigin(origin="https://mf.example").is_ours()


@given(st.text(), st.text(), st.text())
def test_any_text_is_answered(host: str, origin: str, referer: str) -> None:
    """Odd hosts and origins give an answer, never an error."""
    RequestOrigin(host=host, origin=origin, referer=referer).is_ours()


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"origin": "https://app.example"}, True),
        ({"origin": "https://app.example", "sec_fetch_site": "cross-site"}, True),
        ({"origin": "https://app.example", "sec_fetch_site": "same-site", "referer": "https://app.example/x"}, True),
        ({"origin": "https://app.example:443"}, False),
        ({"origin": "http://app.example"}, False),
        ({"origin": "https://app.example, https://app.example"}, False),
        ({"origin": "https://app.example.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "*"}, False),
        ({"sec_fetch_site": "cross-site", "referer": "https://app.example/x"}, False),
        ({"referer": "https://app.example/x"}, False),
    ],
)
def test_a_page_is_named_by_its_origin_alone(headers: dict[str, str], is_taken: bool) -> None:
    """A browser says `Origin` where it asks on behalf of a page that may read the answer; a mere `Referer` is a link or an image."""
    named = pages_with_cookies(["https://app.example", "*", "null"])
    assert RequestOrigin(**OURS, **headers).is_ours(named) == is_taken
