"""WSDLs as they are found: what an operation does not need does not keep it from being called, what it needs is told."""

import pytest
from tests.unit.nodes.soap.test_messages import service, there_and_back

from microflow_runtime.nodes.soap.choice import NoSuch, choose
from microflow_runtime.nodes.soap.documents import WsdlFault, gather_files
from microflow_runtime.nodes.soap.wsdl import read_wsdl

HEAD = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:x="urn:elsewhere" xmlns:t="urn:t" targetNamespace="urn:t">
<types><s:schema targetNamespace="urn:t" elementFormDefault="qualified">"""
GOOD = '<s:element name="Do"><s:complexType><s:sequence><s:element name="a" type="s:int"/></s:sequence></s:complexType></s:element>'
TAIL = """</s:schema></types>
<message name="M"><part name="p" element="t:Do"/></message><message name="N"><part name="p" element="t:Other"/></message>
<portType name="P"><operation name="Do"><input message="t:M"/><output message="t:M"/></operation>
<operation name="Other"><input message="t:N"/></operation></portType>
<binding name="B" type="t:P"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="Do"><soap:operation soapAction="a"/><input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
<operation name="Other"><soap:operation soapAction="b"/><input><soap:body use="literal"/></input></operation></binding>
<service name="S"><port name="B" binding="t:B"><soap:address location="http://x/"/></port></service></definitions>"""
OTHER = '<s:element name="Other"><s:complexType><s:sequence>{}</s:sequence></s:complexType></s:element>'
ARRAY = (
    '<s:complexType name="ArrayOf"><s:complexContent><s:restriction base="e:Array"><s:attribute ref="e:arrayType" '
    'w:arrayType="s:string[]" xmlns:w="http://schemas.xmlsoap.org/wsdl/"/></s:restriction></s:complexContent></s:complexType>'
)


def _refusal(more: str, operation: str, *, tail: str = TAIL, **files: str) -> str:
    """Return what is said when an operation is asked for; nothing when it may be called."""
    found = {"files/a.wsdl": (HEAD + GOOD + more + tail).encode()} | {
        f"files/{name}.xsd": text.encode() for name, text in files.items()
    }
    wsdl = read_wsdl(gather_files("files/a.wsdl", tuple(name for name in found if name.endswith("xsd")), found.get))
    try:
        choose(wsdl, operation, "", "")
    except NoSuch as said:
        return said.message
    return ""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (OTHER.format('<s:element name="b" type="x:T"/>'), 'needs the type T, to which "b" refers (files/a.wsdl, line 4), but the namespace urn:elsewhere has none of that name: correct the name, or add the schema to `schemas`'),
        (OTHER.format('<s:element name="b" type="t:Dough"/>'), "needs the type Dough, to which"),
        (OTHER.format('<s:element name="b" type="s:strin"/>'), "XML Schema has no type of that name"),
        (OTHER.format('<s:element name="b" type="y:T"/>'), 'the prefix "y" is not declared'),
        (OTHER.format('<s:element ref="x:e"/>'), "needs the element e,"),
        (OTHER.format('<s:group ref="t:g"/>'), "needs the group g,"),
        (OTHER.format('<s:element name="b" type="t:ArrayOf"/>') + ARRAY, "types of the SOAP encoding are not read"),
        (OTHER.format('<s:element name="b" type="t:C"/>') + '<s:complexType name="C"><s:sequence><s:element name="c" type="t:D"/></s:sequence></s:complexType><s:complexType name="D"><s:complexContent><s:extension base="x:Base"/></s:complexContent></s:complexType>', "needs the type Base,"),
        (OTHER.format('<s:element name="b" type="t:W"/>') + '<s:simpleType name="W"><s:restriction base="x:V"/></s:simpleType>', "needs the type V,"),
        (OTHER.format('<s:element name="b"><s:simpleType><s:restriction base="x:V"/></s:simpleType></s:element>'), "needs the type V,"),
        ("", 'needs the element Other, to which "p" refers (files/a.wsdl, line 5)'),
    ],
)  # fmt: skip
def test_what_an_operation_needs_is_told_with_its_place(more: str, said: str) -> None:
    """And what is not needed by another is no reason to refuse that."""
    assert said in _refusal(more, "Other")
    assert _refusal(more, "Do") == ""


@pytest.mark.parametrize(
    "more",
    [
        '<s:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/>' + ARRAY,
        '<s:import namespace="http://schemas.xmlsoap.org/soap/encoding/" schemaLocation="http://schemas.xmlsoap.org/soap/encoding/"/>',
        '<s:import namespace="http://www.w3.org/2001/XMLSchema"/><s:element name="Ds"><s:complexType><s:sequence><s:element ref="s:schema"/><s:any/></s:sequence></s:complexType></s:element>',
        '<s:import namespace="http://www.w3.org/2005/05/xmlmime" schemaLocation="http://www.w3.org/2005/05/xmlmime"/>',
        '<s:import namespace="urn:nowhere" schemaLocation="nowhere.xsd"/>',
        '<s:import namespace="urn:nowhere" schemaLocation="http://nowhere.example/a.xsd"/>',
        '<s:include schemaLocation="nowhere.xsd"/>',
        '<s:attributeGroup name="ag"><s:attribute ref="x:nothing"/><s:attribute name="n" type="x:T"/></s:attributeGroup>',
        '<s:import namespace="common.xsd" schemaLocation="common.xsd"/>',
    ],
)
def test_what_no_operation_needs(more: str) -> None:
    """Neither a schema that is nowhere, nor one under a wrong namespace, nor what others define keeps it from being called."""
    common = '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:common"><s:element name="x" type="s:string"/></s:schema>'
    more = more + OTHER.format("")
    assert (_refusal(more, "Do", common=common), _refusal(more, "Other", common=common)) == ("", "")


def test_a_schema_that_is_not_at_hand_is_told_with_what_needs_it() -> None:
    """The import says where it was to be."""
    more = '<s:import namespace="urn:elsewhere" schemaLocation="gone.xsd"/>' + OTHER.format(
        '<s:element name="b" type="x:T"/>'
    )
    assert _refusal(more, "Other") == (
        'The operation "Other" needs the type T, to which "b" refers (files/a.wsdl, line 4), but its schema is not at hand: '
        "(files/a.wsdl) refers to files/gone.xsd, which is not among `schemas`."
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('<output message="t:M"/>', '<output message="t:Gone"/>', "needs the message Gone,"),
        ('<input message="t:M"/>', "<input/>", "has an <input> without a message (files/a.wsdl, line 6)"),
        ('<part name="p" element="t:Do"/>', '<part name="p"/>', 'has a part "p" of neither an element nor a type (files/a.wsdl, line 5)'),
        ('<operation name="Do"><soap', '<operation name="Dough"><soap', "has no operation"),
        ('<input><soap:body use="literal"/></input><output>', '<input><soap:header message="t:Gone" part="p" use="literal"/><soap:body use="literal"/></input><output>', "needs the message Gone,"),
    ],
)  # fmt: skip
def test_what_the_services_lack(old: str, new: str, said: str) -> None:
    """Messages, parts and operations that are not there are told with their place, and the other operation may be called."""
    assert old in TAIL
    more, tail = OTHER.format(""), TAIL.replace(old, new, 1)
    assert said in _refusal(more, "Do", tail=tail)
    assert _refusal(more, "Other", tail=tail) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('binding="t:B"', 'binding="t:Gone"', 'has no port of SOAP over HTTP; the port "B" needs the binding Gone'),
        ('<binding name="B" type="t:P">', '<binding name="B" type="t:Gone">', 'the port "B" needs the portType Gone,'),
    ],
)
def test_a_port_that_lacks_something(old: str, new: str, said: str) -> None:
    """Is left out; when none is left, that is said."""
    with pytest.raises(WsdlFault) as caught:
        _refusal(OTHER.format(""), "Do", tail=TAIL.replace(old, new))
    assert said in caught.value.reason


@pytest.mark.parametrize("inside", ["<s:element/>", "<s:nonsense/>", '<s:complexType name="c"><s:sequence><s:element name="a b"/></s:sequence></s:complexType>', '<s:element name="e" maxOccurs="x"/>'])  # fmt: skip
def test_the_words_of_a_library_reach_nobody(inside: str) -> None:
    """Neither the names of its errors nor the numbers of documents."""
    try:
        said = _refusal(inside + OTHER.format(""), "Do")
    except WsdlFault as fault:
        said = fault.reason
    assert not any(word in said for word in ("Error", "Exception", "file:///", "NoneType"))


def test_simple_types_of_the_encoding_are_those_of_the_schema() -> None:
    """A text is a text."""
    chosen = service(
        '<xs:element name="Do"><xs:complexType><xs:sequence><xs:element name="a" type="e:string" '
        'xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"/></xs:sequence></xs:complexType></xs:element>'
    )
    assert there_and_back(chosen, {"a": "x"}) == {"a": "x"}
