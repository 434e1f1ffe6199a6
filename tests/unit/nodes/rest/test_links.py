"""The relations of the header `Link`."""

import pytest

from microflow_runtime.nodes.rest.links import links_of

HERE = "https://api.example/v1/items?page=1"


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ('<https://api.example/v1/items?c=a%2Bb%3D>; rel="next"', {"next": "https://api.example/v1/items?c=a%2Bb%3D"}),
        ('</v1/items?a=1,2>; rel=next, <?page=9>; rel="LAST first"',
         {"next": "https://api.example/v1/items?a=1,2", "last": HERE[:-1] + "9", "first": HERE[:-1] + "9"}),
        ('<a>; title="x, <b>; rel=\\"prev\\""; rel="next"', {"next": "https://api.example/v1/a"}),
        ("<a>; rel=next; rel=prev,<b>;rel=next", {"next": "https://api.example/v1/a"}),
        ('<a>; rel=next; anchor="#x", <b>; REL = "up"', {"up": "https://api.example/v1/b"}),
        ('<a>; rel="next", nonsense, <b>; rel=up', {"next": "https://api.example/v1/a"}),
        ("<a>", {}),
        ("", {}),
        ('<a; rel="next"', {}),
        ("<http://[x>; rel=next", {"next": "http://[x"}),
        ("<" * 60000, {}),
        ("<a>" + '; x="' * 20000, {}),
    ],
)  # fmt: skip
def test_addresses_are_found_by_their_relation(header: str, links: dict[str, str]) -> None:
    """Commas and quotes inside an address or a parameter end nothing, relations are in small letters, the first counts."""
    assert links_of(header, HERE) == links
