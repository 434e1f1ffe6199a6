"""Which texts are addresses of mail."""

import pytest

from microflow_runtime.model.mail_address import MailAddress, read_address


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("suda@shop.example", MailAddress("suda@shop.example")),
        ("  Suda <suda+x@SHOP.example> ", MailAddress("suda+x@shop.example", "Suda")),
        ('"Shop, Ltd \\"A\\"" <a.b@c.example>', MailAddress("a.b@c.example", 'Shop, Ltd "A"')),
        ("สุดา <suda@ไทย.example>", MailAddress("suda@xn--o3cw4h.example", "สุดา")),
        ("สุดา@shop.example", MailAddress("สุดา@shop.example")),
        ("a@xn--o3cw4h.example", MailAddress("a@xn--o3cw4h.example")),
    ],
)
def test_an_address(text: str, wanted: MailAddress) -> None:
    """With or without a name; the domain is in its ASCII form."""
    assert read_address(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "suda",
        "@shop.example",
        "suda@",
        "a@b@c.example",
        "a@shop.example, b@shop.example",
        "Suda <a@shop.example> <b@shop.example>",
        "a b@shop.example",
        "a@shop .example",
        "a..b@shop.example",
        ".a@shop.example",
        "a@-shop.example",
        "a@shop..example",
        "a@[127.0.0.1]",
        '"a b"@shop.example',
        "a@shop.example\r\nBcc: b@shop.example",
        "Suda\n <a@shop.example>",
        "a\0@shop.example",
        "a>@shop.example",
        "a@straße.example",
        f"{'a' * 65}@shop.example",
        f"a@{'b.' * 130}example",
        f"{'n' * 201} <a@shop.example>",
    ],
)
def test_no_address(text: str) -> None:
    """A list, what would end its line, what would mean another domain."""
    with pytest.raises(ValueError):
        read_address(text)


def test_a_name_beside_it_wins() -> None:
    """It may hold anything that stands on a line."""
    assert read_address("a@shop.example", "Evil <b@shop.example>").name == "Evil <b@shop.example>"
    with pytest.raises(ValueError):
        read_address("a@shop.example", "Suda\r\nBcc: b@shop.example")
