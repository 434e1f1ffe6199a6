"""Gathering the documents of a WSDL: bounds, imports, hostile ones."""

import time

import pytest
from tests.unit.nodes.soap.billing import FILES

from microflow_runtime.nodes.soap.documents import Gathered, WsdlFault, gather_files
from microflow_runtime.nodes.soap.wsdl import read_wsdl

HEAD = (
    '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'xmlns:t="urn:t" targetNamespace="urn:t"><types><xs:schema targetNamespace="urn:t">'
)
TAIL = "</xs:schema></types></definitions>"


def _gathered(inside: str, **files: str) -> Gathered:
    found = {"files/a.wsdl": (HEAD + inside + TAIL).encode()} | {
        f"files/{name}.xsd": text.encode() for name, text in files.items()
    }
    return gather_files("files/a.wsdl", tuple(name for name in found if name.endswith("xsd")), found.get)


def _fails(inside: str, **files: str) -> str:
    started = time.monotonic()
    with pytest.raises(WsdlFault) as caught:
        read_wsdl(_gathered(inside, **files))
    assert time.monotonic() - started < 10
    return caught.value.reason


def _doubling(make: str, count: int) -> str:
    return "".join(make.replace("N", str(index + 1)).replace("M", str(index)) for index in range(count))


@pytest.mark.parametrize(
    "inside",
    [
        '<xs:attributeGroup name="g0"><xs:attribute name="a"/></xs:attributeGroup>'
        + _doubling(
            '<xs:attributeGroup name="gN"><xs:attributeGroup ref="t:gM"/><xs:attributeGroup ref="t:gM"/></xs:attributeGroup>',
            60,
        ),
        '<xs:group name="g0"><xs:sequence><xs:element name="a"/></xs:sequence></xs:group>'
        + _doubling(
            '<xs:group name="gN"><xs:sequence><xs:group ref="t:gM"/><xs:group ref="t:gM"/></xs:sequence></xs:group>', 60
        ),
        '<xs:simpleType name="g0"><xs:restriction base="xs:string"/></xs:simpleType>'
        + _doubling('<xs:simpleType name="gN"><xs:union memberTypes="t:gM t:gM"/></xs:simpleType>', 60),
    ],
)
def test_definitions_that_double(inside: str) -> None:
    """Sixty definitions that hold each other twice are refused at once, where following them would never end."""
    assert "grow beyond all bounds" in _fails(inside)


@pytest.mark.parametrize(
    "inside",
    [
        (
            '<xs:complexType name="a"><xs:complexContent><xs:extension base="t:b"/></xs:complexContent></xs:complexType>'
            '<xs:complexType name="b"><xs:complexContent><xs:extension base="t:a"/></xs:complexContent></xs:complexType>'
        ),
        '<xs:attributeGroup name="a"><xs:attributeGroup ref="t:a"/></xs:attributeGroup>',
        '<xs:simpleType name="a"><xs:restriction base="t:b"/></xs:simpleType><xs:simpleType name="b"><xs:restriction base="t:a"/></xs:simpleType>',
        '<xs:group name="a"><xs:sequence><xs:group ref="t:a"/></xs:sequence></xs:group><xs:element name="e"><xs:complexType><xs:group ref="t:a"/></xs:complexType></xs:element>',
        '<xs:element name="a" maxOccurs="x"/><xs:complexType name="c"><xs:sequence><xs:element name="a" minOccurs="'
        + "9" * 5000
        + '"/></xs:sequence></xs:complexType>',
        "<xs:element/>",
        '<xs:complexType name="c"><xs:sequence><xs:element name="a b"/></xs:sequence></xs:complexType>',
        "<xs:nonsense/>",
    ],
)
def test_definitions_that_hold_themselves_or_nothing(inside: str) -> None:
    """Rings and nonsense end with a fault of the WSDL, never with another error."""
    assert _fails(inside)


def test_too_deep_and_too_large() -> None:
    """A document has a bound of depth, of size, and all of them of number."""
    assert "60 levels" in _fails("<xs:annotation>" * 100 + "</xs:annotation>" * 100)
    with pytest.raises(WsdlFault, match="larger than 4194304 bytes"):
        _gathered(" " * (4 * 1024 * 1024))
    imports = "".join(f'<xs:import namespace="urn:{index}" schemaLocation="x{index}.xsd"/>' for index in range(100))
    files = {
        f"x{index}": f'<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:{index}"/>'
        for index in range(100)
    }
    with pytest.raises(WsdlFault, match="more than 64 documents"):
        _gathered(imports, **files)


def test_schemas_that_import_each_other() -> None:
    """A ring of imports is read once each; the schema of `xml:lang` is at hand without the net."""
    other = (
        '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x">'
        '<import namespace="urn:x" schemaLocation="x.xsd"/><import namespace="http://www.w3.org/XML/1998/namespace"/>'
        '<complexType name="c"><attribute ref="xml:lang"/></complexType></schema>'
    )
    gathered = _gathered('<xs:import namespace="urn:x" schemaLocation="x.xsd"/>', x=other)
    assert len(gathered.documents) == 3
    with pytest.raises(WsdlFault, match="no port of SOAP"):
        read_wsdl(gathered)


def test_the_digest_tells_documents_apart() -> None:
    """The same documents have one digest, a changed schema another."""
    first = gather_files("files/billing.wsdl", ("files/types.xsd",), FILES.get)
    again = gather_files("files/billing.wsdl", ("files/types.xsd",), FILES.get)
    changed = FILES | {"files/types.xsd": FILES["files/types.xsd"].replace(b"USD", b"CHF")}
    assert first.digest == again.digest
    assert gather_files("files/billing.wsdl", ("files/types.xsd",), changed.get).digest != first.digest
    assert first.words["{urn:billing:types}Currency"] == ("THB", "EUR", "USD")
