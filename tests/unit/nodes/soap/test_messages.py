"""Writing and reading messages by the shapes of a WSDL: groups, choices, attributes, derived types, rpc, what does not fit."""

from decimal import Decimal
from typing import Any

import pytest
from tests.unit.nodes.soap.billing import FILES, envelope

from microflow_runtime.compiler.business_objects import Misfit
from microflow_runtime.nodes.soap.choice import Chosen, choose
from microflow_runtime.nodes.soap.documents import gather_files
from microflow_runtime.nodes.soap.reading import Envelope, read_message
from microflow_runtime.nodes.soap.writing import ENVELOPES, write_envelope
from microflow_runtime.nodes.soap.wsdl import read_wsdl

WSDL = """
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
  <types><xs:schema targetNamespace="urn:t">TYPES</xs:schema></types>
  <message name="In">PARTS</message><message name="Out">PARTS</message>
  <portType name="P"><operation name="Do"><input message="t:In"/><output message="t:Out"/></operation></portType>
  <binding name="B" type="t:P"><soap:binding style="STYLE" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Do"><soap:operation soapAction=""/><input><soap:body use="literal" namespace="urn:t"/></input>
    <output><soap:body use="literal" namespace="urn:t"/></output></operation></binding>
  <service name="S"><port name="B" binding="t:B"><soap:address location="http://x/"/></port></service>
</definitions>
"""


def service(types: str, *, parts: str = '<part name="p" element="t:Do"/>', style: str = "document") -> Chosen:
    """Give the operation of a WSDL with these types; its request and reply are the same."""
    text = WSDL.replace("TYPES", types).replace("PARTS", parts).replace("STYLE", style).strip()
    return choose(read_wsdl(gather_files("files/a.wsdl", (), lambda _: text.encode())), "Do", "", "")


def typed(content: str, more: str = "") -> str:
    """Give an element `Do` with this content."""
    return f'<xs:element name="Do"><xs:complexType>{content}</xs:complexType></xs:element>{more}'


def body_of(chosen: Chosen, values: dict[str, Any]) -> str:
    """Give what stands in the body, without the outer elements."""
    text = write_envelope("1.1", chosen.operation.input, values, {})[0].decode()
    return text.partition("<s:Body>")[2].partition("</s:Body>")[0]


def there_and_back(chosen: Chosen, values: dict[str, Any]) -> dict[str, Any]:
    """Write values and read them."""
    written = write_envelope("1.1", chosen.operation.input, values, {})[0]
    assert chosen.operation.output is not None
    return read_message(chosen.operation.output, Envelope(written, ENVELOPES).body, chosen.wsdl)


REPEATED = '<xs:sequence maxOccurs="unbounded"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:string" minOccurs="0"/></xs:sequence>'
CHOICE = '<xs:choice><xs:element name="a" type="xs:int"/><xs:sequence><xs:element name="b" type="xs:int"/><xs:element name="c" type="xs:int" minOccurs="0"/></xs:sequence></xs:choice>'


def test_a_sequence_that_repeats_is_written_turn_by_turn() -> None:
    """The lists of a group that repeats go out side by side, and come back as lists."""
    chosen = service(typed(REPEATED))
    values = {"a": [Decimal(1), Decimal(2)], "b": ["x", "y"]}
    assert (
        body_of(chosen, values)
        == '<Do xmlns="urn:t"><a xmlns="">1</a><b xmlns="">x</b><a xmlns="">2</a><b xmlns="">y</b></Do>'
    )
    assert there_and_back(chosen, values) == values


def test_a_choice() -> None:
    """One alternative of a choice is written, none when none is given; two at once do not fit."""
    chosen = service(typed(CHOICE))
    assert there_and_back(chosen, {"b": Decimal(1), "c": Decimal(2)}) == {"a": None, "b": Decimal(1), "c": Decimal(2)}
    with pytest.raises(Misfit, match="one alternative of a choice"):
        body_of(chosen, {"a": Decimal(1), "b": Decimal(1)})
    assert body_of(chosen, {}) == '<Do xmlns="urn:t"></Do>'


def test_an_rpc_message() -> None:
    """The parts of an rpc message stand inside an element by the name of the operation."""
    parts = '<part name="a" type="xs:int"/><part name="b" type="t:C"/>'
    types = '<xs:complexType name="C"><xs:all><xs:element name="x" type="xs:date"/></xs:all></xs:complexType>'
    chosen = service(types, parts=parts, style="rpc")
    assert body_of(chosen, {"a": Decimal(5), "b": {"x": "2026-01-01"}}) == (
        '<Do xmlns="urn:t"><a xmlns="">5</a><b xmlns=""><x>2026-01-01</x></b></Do>'
    )
    assert chosen.operation.output is not None
    came = Envelope(
        envelope('<r:DoResponse xmlns:r="urn:t"><a>7</a><b><x>2026-01-02</x></b></r:DoResponse>'), ENVELOPES
    )
    read = read_message(chosen.operation.output, came.body, chosen.wsdl)
    assert read["a"] == 7
    assert str(read["b"]["x"]) == "2026-01-02"


def test_a_bare_part() -> None:
    """A part that is a single value has the name of its element."""
    chosen = service('<xs:element name="Do" type="xs:decimal"/>')
    assert body_of(chosen, {"Do": Decimal("1.50")}) == '<Do xmlns="urn:t">1.50</Do>'
    assert there_and_back(chosen, {"Do": Decimal("1.50")}) == {"Do": Decimal("1.50")}


def test_null_where_it_may_be() -> None:
    """Null is left out where the element may be, sent as nil where it may be nil, and does not fit elsewhere."""
    content = '<xs:sequence><xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="b" type="xs:int" nillable="true"/><xs:element name="c" type="xs:int"/></xs:sequence>'
    chosen = service(typed(content))
    assert body_of(chosen, {"c": Decimal(1)}) == '<Do xmlns="urn:t"><b xmlns="" i:nil="true"/><c xmlns="">1</c></Do>'
    with pytest.raises(Misfit) as caught:
        body_of(chosen, {"a": Decimal(1)})
    assert caught.value.sentence() == "c: expected a value, found nothing"


def test_an_empty_element_that_may_be_absent_counts_as_absent() -> None:
    """Where its type has no empty value; a text may be empty, and what is required may not be absent."""
    fields = "".join(
        f'<xs:element name="{name}" type="{kind}" minOccurs="{least}"/>'
        for name, kind, least in (("n", "xs:int", 0), ("d", "xs:date", 0), ("s", "xs:string", 0), ("c", "t:C", 0))
    )
    inner = '<xs:complexType name="C"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType>'
    many = '<xs:element name="l" type="xs:int" minOccurs="0" maxOccurs="unbounded"/>'
    chosen = service(typed(f"<xs:sequence>{fields}{many}</xs:sequence>", inner))
    came = Envelope(envelope('<t:Do xmlns:t="urn:t"><n/><d> </d><s/><c></c><l/></t:Do>'), ENVELOPES)
    assert chosen.operation.output is not None
    value = read_message(chosen.operation.output, came.body, chosen.wsdl)
    assert value == {"n": None, "d": None, "s": "", "c": None, "l": []}
    needed = service(typed('<xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence>'))
    assert needed.operation.output is not None
    with pytest.raises(Misfit, match="n"):
        read_message(needed.operation.output, Envelope(envelope("<Do><n/></Do>"), ENVELOPES).body, needed.wsdl)


def test_markup_stays_text() -> None:
    """Markup in texts, attributes and names stays what it is; a name that is not declared does not fit."""
    content = '<xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence><xs:attribute name="b"/>'
    chosen = service(typed(content))
    nasty = '"><x a="&lt;\r\n\t]]>'
    assert there_and_back(chosen, {"a": nasty, "@b": nasty}) == {"a": nasty, "@b": nasty}
    with pytest.raises(Misfit, match="the name `a><x`"):
        body_of(chosen, {"a": "", "a><x": "y"})
    with pytest.raises(Misfit, match="the character U"):
        write_envelope("1.1", chosen.operation.input, {"a": "\ud800"}, {})


def test_paths_of_misfits() -> None:
    """What does not fit is told with its whole path, out and in."""
    gathered = gather_files("files/billing.wsdl", ("files/types.xsd",), FILES.get)
    chosen = choose(read_wsdl(gathered), "PutInvoice", "", "")
    line = {"sku": "a", "price": Decimal(1), "line": [{"sku": "b", "price": "2"}]}
    invoice = {"number": "1", "issued": "2026-01-01", "person": {"name": "x"}, "line": [line]}
    with pytest.raises(Misfit) as caught:
        body_of(chosen, {"invoice": invoice})
    assert caught.value.sentence() == 'invoice.line[0].line[0].price: expected decimal, found text "2"'
    get = choose(chosen.wsdl, "GetInvoice", "", "")
    assert get.operation.output is not None
    body = "<GetInvoiceResponse><invoice><number>1</number><issued>2026-01-01</issued><line><sku>a</sku><price>x</price></line></invoice></GetInvoiceResponse>"
    with pytest.raises(Misfit) as caught:
        read_message(get.operation.output, Envelope(envelope(body), ENVELOPES).body, get.wsdl)
    assert caught.value.sentence() == 'invoice.line[0].price: expected decimal, found text "x"'


def test_a_type_that_the_reply_names() -> None:
    """An element that names a derived type is read by it; the rest of a reply that is not declared is left out."""
    types = (
        '<xs:complexType name="A"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType>'
        '<xs:complexType name="B"><xs:complexContent><xs:extension base="t:A"><xs:sequence><xs:element name="y" type="xs:int"/>'
        "</xs:sequence></xs:extension></xs:complexContent></xs:complexType>"
    )
    chosen = service(typed('<xs:sequence><xs:element name="a" type="t:A"/></xs:sequence>', types))
    assert chosen.operation.output is not None
    body = '<Do xmlns:t="urn:t" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><z/><a i:type="t:B"><y>2</y><q>3</q><x>1</x></a></Do>'
    read = read_message(chosen.operation.output, Envelope(envelope(body), ENVELOPES).body, chosen.wsdl)
    assert read == {"a": {"x": Decimal(1), "y": Decimal(2)}}


def test_an_element_of_any_type() -> None:
    """What is not declared is read by its names, with lists, attributes and texts."""
    chosen = service(typed('<xs:sequence><xs:element name="a"/></xs:sequence>'))
    assert chosen.operation.output is not None
    body = '<Do><a><b>1</b><b>2</b><c d="e">f</c><g/></a></Do>'
    read = read_message(chosen.operation.output, Envelope(envelope(body), ENVELOPES).body, chosen.wsdl)
    assert read == {"a": {"b": ["1", "2"], "c": {"@d": "e", "#text": "f"}, "g": None}}


def test_the_place_for_a_header_that_signs_in() -> None:
    """The offset is right inside the header, whatever a caller sends."""
    chosen = service(typed('<xs:sequence><xs:element name="a" type="xs:string"/></xs:sequence>'))
    for version in ("1.1", "1.2"):
        body, at = write_envelope(version, chosen.operation.input, {"a": "<s:Header>"}, {})
        assert body[:at].endswith(b"<s:Header>")
        assert body[at:].startswith(b"</s:Header><s:Body>")
        assert ENVELOPES[version].encode() in body[:at]
