"""What is told of a soap node before it runs, when its WSDL is a file."""

import pytest
from tests.unit.nodes.soap.billing import FILES, told

GET = "    operation: GetInvoice\n"


@pytest.mark.parametrize(
    ("keys", "code", "word"),
    [
        ("    operation: GetInvoce\n    in: {number: = In.a}", "MF-D171", 'did you mean "GetInvoice"'),
        (GET + "    port: Billing13\n    in: {number: x}", "MF-D171", 'did you mean "Billing1'),
        (GET + "    service: Shipping\n    in: {number: x}", "MF-D171", "BillingService"),
        (GET + "    in: {numbr: x, number: y}", "MF-D172", 'did you mean "number"'),
        (GET, "MF-D173", "add `number: = …`"),
        (GET + "    in: {number: 5}", "MF-D174", "expected text, found number 5"),
        (GET + "    in: {number: x, detail: shrt}", "MF-D174", 'did you mean "short"'),
        (GET + "    in: {number: = In.d}", "MF-F010", "string is wanted"),
        (GET + "    in: {number: '= \"a\" + In.zz'}", "MF-F003", "zz"),
        (GET + "    in: {number: x}\n    headers: {Clint: {name: y}}", "MF-D172", 'did you mean "Client"'),
        (GET + "    in: {number: x}\n    headers: {Client: {nam: y, name: z}}", "MF-D172", 'did you mean "name"'),
        (GET + "    in: {number: x}\n    reply: Invoce", "MF-D106", "Invoice"),
        (GET + "    in: {number: x}\n    faults: {NotFound: = x}", "MF-D175", "kind of error"),
        (GET + "    in: {number: x}\n    path: invoices", "MF-D176", "begins with `/`"),
        (GET + "    in: {number: x}\n    path: /a/../b", "MF-D176", "begins with `/`"),
        (GET + "    in: {number: x}\n    out: {Out.a: = body.invoice.numbr}", "MF-F003", "number"),
        (GET + "    in: {number: x}\n    out: {Out.a: = body.invoice.issued}", "MF-F010", "date"),
        (GET + "    in: {number: x}\n    out: {Out.a: = body.invoice.person.name}", "MF-F011", "may be missing"),
        ("    operation: GetInvoice\n    wsdl: billing.wsdl\n    in: {number: x}", "MF-D176", "files/name.wsdl"),
        ("    operation: GetInvoice\n    wsdl: /x?wsdl\n    schemas: [files/types.xsd]", "MF-D176", "beside a WSDL"),
        ("    operation: GetInvoice\n    wsdl: files/billing.wsdl", "MF-D171", "not among `schemas`"),
        ("    operation: GetInvoice\n    wsdl: files/other.wsdl", "MF-D170", "not among the app's files"),
    ],
)
def test_a_fault_is_told(keys: str, code: str, word: str) -> None:
    """Everything that is wrong with a node is told when its flow is compiled, with what to do."""
    found = [(its_code, text) for its_code, text in told(keys) if its_code == code]
    assert found, told(keys)
    assert word in found[0][1]


def test_nested_mappings_and_lists_are_checked() -> None:
    """Formulas and literals deep inside a mapping are checked where they stand."""
    keys = """
    operation: PutInvoice
    in:
      invoice:
        number: = In.a
        issued: '2026-05-32'
        person: {name: = In.c}
        line: [{sku: a, price: '1'}, {skuu: b, sku: b, price: = In.c}]
"""
    found = told(keys)
    assert [code for code, _ in found] == ["MF-D174", "MF-F010", "MF-D174", "MF-D172", "MF-F011"]
    assert "a date" in found[0][1]
    assert "expected decimal" in found[2][1]


def test_a_business_object_with_a_field_that_the_wsdl_does_not_have() -> None:
    """A value given as a whole is compared by its fields: unknown ones are told with what is near."""
    keys = "    operation: PutInvoice\n    in: {invoice: {number: x, issued: 2026-01-01, company: = In, line: []}}"
    found = told(keys, given="Firm")
    assert found == [
        ("MF-D172", 'The value has the field "taxNo", which the WSDL does not have here. did you mean "taxNumber"?')
    ]


def test_a_flow_without_faults() -> None:
    """A good flow has none, and a Business Object fits a complex type by its fields."""
    keys = "    operation: EchoTypes\n    in: {text: a, flag: true, amount: 1.10, count: 2, day: 2026-01-01, moment: '2026-01-01T00:00:00', currency: THB, nothing: null, note: [a]}\n    out: {All: = body.echoed}"
    assert told(keys) == []
    whole = "    operation: PutInvoice\n    in: {invoice: = In}"
    assert told(whole, given="Invoice") == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE x [<!ENTITY a "b">]>', "has a DTD"),
        ("<types>", "<types><", "is not XML"),
        ("<definitions ", "<wrong ", "is not XML"),
        ('schemaLocation="types.xsd"', 'schemaLocation="http://127.0.0.1/types.xsd"', ""),
        ('schemaLocation="types.xsd"', 'schemaLocation="../../etc/passwd"', "not among `schemas`"),
        ('schemaLocation="types.xsd"', 'schemaLocation="file:///etc/passwd"', ""),
        (
            'type="t:Invoice"/>',
            'type="t:Nothing"/>',
            'needs the type Nothing, to which "invoice" refers (files/billing.wsdl, line ',
        ),
        ('type="t:Everything"/>', 'type="t:Nothing"/>', ""),
        ('use="literal"', 'use="encoded"', "encoding of SOAP 1.1"),
    ],
)
def test_a_wsdl_that_cannot_be_used(old: str, new: str, word: str) -> None:
    """A WSDL with a DTD, with something that is not there, or in the old encoding is told; nothing is fetched."""
    text = FILES["files/billing.wsdl"].decode()
    assert old in text
    files = FILES | {"files/billing.wsdl": text.replace(old, new).encode()}
    found = told(GET + "    in: {number: x}", files)
    if not word:  # a file among `schemas` stands in, or the operation does not need it
        assert found == []
        return
    assert found[0][0] in {"MF-D170", "MF-D171"}
    assert word in found[0][1]
