"""The WSDL of the door: its operations from the table, the schema of the envelopes inside."""

from __future__ import annotations

from importlib.resources import files
from xml.sax.saxutils import quoteattr

from adapters.core_connectivity.forms import FORMS, NAMESPACE, OPERATIONS

TARGET = "http://www.caqh.org/SOAP/WSDL/"
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="CORE" targetNamespace="{TARGET}" xmlns:tns="{TARGET}" xmlns:core="{NAMESPACE}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
<wsdl:types>
"""


def write_wsdl(address: str) -> bytes:
    """The WSDL 1.1 of the service at `address`."""
    schema = (files("adapters.core_connectivity") / "core_rule_2_2_0.xsd").read_text("utf-8")
    elements = [name for form in FORMS for name in (form.request, form.answer)]
    lines = [_HEAD + schema.partition("?>")[2].strip(), "</wsdl:types>"]
    lines += [_write_message(name) for name in elements]
    lines += [
        '<wsdl:portType name="CORETransactions">',
        *map(_write_operation, OPERATIONS),
        "</wsdl:portType>",
    ]
    lines += [
        '<wsdl:binding name="CoreSoapBinding" type="tns:CORETransactions">',
        '<soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
        *map(_bind_operation, OPERATIONS),
        "</wsdl:binding>",
        '<wsdl:service name="Core"><wsdl:port name="Soap12" binding="tns:CoreSoapBinding">',
        f"<soap12:address location={quoteattr(address)}/>",
        "</wsdl:port></wsdl:service>",
        "</wsdl:definitions>",
    ]
    return "\n".join(lines).encode("utf-8")


def _write_message(name: str) -> str:
    return f'<wsdl:message name="{name}"><wsdl:part name="body" element="core:{name}"/></wsdl:message>'


def _write_operation(action: str) -> str:
    form = OPERATIONS[action]
    return (
        f'<wsdl:operation name="{action}"><wsdl:input message="tns:{form.request}"/>'
        f'<wsdl:output message="tns:{form.answer}"/></wsdl:operation>'
    )


def _bind_operation(action: str) -> str:
    return (
        f'<wsdl:operation name="{action}"><soap12:operation soapAction="{action}" style="document"/>'
        '<wsdl:input><soap12:body use="literal"/></wsdl:input>'
        '<wsdl:output><soap12:body use="literal"/></wsdl:output></wsdl:operation>'
    )
