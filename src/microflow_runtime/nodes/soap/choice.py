"""Which port and operation of a WSDL a node means."""

import msgspec

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.nodes.soap.shapes import Operation, Port, Wsdl


class Chosen(msgspec.Struct, frozen=True):
    """What is called, and the WSDL that it was found in."""

    wsdl: Wsdl
    port: Port
    operation: Operation


class NoSuch(Exception):
    """The WSDL does not have what the setting `key` names. `help` says what it has."""

    def __init__(self, key: str, message: str, help: str) -> None:  # noqa: A002 - the word a reader expects
        super().__init__(message)
        self.key = key
        self.message = message
        self.help = help


def choose(wsdl: Wsdl, operation: str, service: str, port: str) -> Chosen:
    """Give the port and operation: the first port that has it, among those that the names given leave. Raises NoSuch."""
    ports = _named(wsdl.ports, "service", service)
    ports = _named(ports, "port", port)
    having = [each for each in ports if operation in each.operations]
    if not having:
        known = [name for each in ports for name in each.operations]
        near = did_you_mean(operation, known) or f"its operations are {', '.join(dict.fromkeys(known))[:400]}"
        raise NoSuch("operation", f'The WSDL has no operation "{operation}".', near)
    services = list(dict.fromkeys(each.service for each in having))
    if len(services) > 1:
        message = f'Several services of the WSDL have the operation "{operation}".'
        raise NoSuch("operation", message, f"say which by `service`: {', '.join(services)[:400]}")
    found = having[0].operations[operation]
    if found.refusal:
        raise NoSuch("operation", f'The operation "{operation}" {found.refusal}.', "")
    return Chosen(wsdl, having[0], found)


def _named(ports: tuple[Port, ...], key: str, name: str) -> tuple[Port, ...]:
    if not name:
        return ports
    names = [each.service if key == "service" else each.name for each in ports]
    found = tuple(each for each, its_name in zip(ports, names, strict=True) if its_name == name)
    if not found:
        near = did_you_mean(name, names) or f"it has {', '.join(dict.fromkeys(names))[:400]}"
        raise NoSuch(key, f'The WSDL has no {key} "{name}" of SOAP over HTTP.', near)
    return found
