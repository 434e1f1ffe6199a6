"""Services whose parts are not there: operations and ports that lack something are left out, and it is said what they lack."""

from collections.abc import Mapping
from typing import Any, Final

from microflow_runtime.nodes.soap.references import WSDL, Gaps, Names, local_name, resolved, target_of

_SOAPS: Final = ("http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/")


class ServiceGaps:
    """Leaves out the operations and ports whose parts are not there."""

    def __init__(self, names: Names, gaps: Gaps) -> None:
        self._names = names
        self._gaps = gaps

    def mend(self, trees: list[Any]) -> None:
        """Look at messages, then at what uses them."""
        for tree in trees:
            for node in [*tree.iter(f"{{{WSDL}}}message")]:
                self._message(node)
        operations = {
            (target_of(port_type), port_type.get("name", ""), operation.get("name", "")): operation
            for tree in trees
            for port_type in tree.iter(f"{{{WSDL}}}portType")
            for operation in port_type.iterfind(f"{{{WSDL}}}operation")
        }
        faults = {key: fault for key, node in operations.items() if (fault := self._fault_of_operation(node))}
        for tree in trees:
            for binding in [*tree.iter(f"{{{WSDL}}}binding")]:
                self._binding(binding, operations, faults)
        for key in faults:
            operations[key].getparent().remove(operations[key])
        for tree in trees:
            for port in [*tree.iter(f"{{{WSDL}}}port")]:
                if fault := self._names.fault(port, "binding", "binding"):
                    self._gaps.ports.append(f'the port "{port.get("name", "")[:60]}" {fault}')
                    port.getparent().remove(port)

    def _message(self, node: Any) -> None:
        for part in node.iterfind(f"{{{WSDL}}}part"):
            fault = self._names.fault(part, "element", "element") or self._names.fault(part, "type", "type")
            if not fault and part.get("element") is None and part.get("type") is None:
                where = self._names.where(part)
                fault = f'has a part "{part.get("name", "")[:60]}" of neither an element nor a type ({where})'
            if fault:
                self._names.drop("message", target_of(node), node.get("name", ""), fault)
                node.getparent().remove(node)
                return

    def _fault_of_operation(self, operation: Any) -> str:
        for each in operation.iterfind(f"{{{WSDL}}}fault"):
            if self._names.fault(each, "message", "message"):
                operation.remove(each)  # its detail is read as it comes
        for each in operation.iterfind(f"{{{WSDL}}}*"):
            if local_name(each) in {"input", "output"}:
                if each.get("message") is None:
                    return f"has an <{local_name(each)}> without a message ({self._names.where(each)})"
                if fault := self._names.fault(each, "message", "message"):
                    return fault
        return ""

    def _binding(
        self, binding: Any, operations: Mapping[tuple[str, str, str], Any], faults: Mapping[tuple[str, str, str], str]
    ) -> None:
        name = binding.get("name", "")
        if fault := self._names.fault(binding, "portType", "type"):
            self._names.drop("binding", target_of(binding), name, fault)
            binding.getparent().remove(binding)
            return
        port_type = resolved(binding, binding.get("type", "").strip())
        for each in [*binding.iterfind(f"{{{WSDL}}}operation")]:
            key = (*(port_type or ("", "")), each.get("name", ""))
            fault = faults.get(key, "") or self._fault_of_bound(each)
            if key not in operations:
                fault = f"is not among those of the portType {key[1][:60]} ({self._names.where(each)})"
            if fault:
                self._gaps.refused[name, key[2]] = fault
                binding.remove(each)
                continue
            known = {fault.get("name") for fault in operations[key].iterfind(f"{{{WSDL}}}fault")}
            for inner in [*each.iterfind(f"{{{WSDL}}}fault")]:
                if inner.get("name") not in known:
                    each.remove(inner)

    def _fault_of_bound(self, operation: Any) -> str:
        for soap in _SOAPS:
            for header in operation.iter(f"{{{soap}}}header", f"{{{soap}}}headerfault"):
                if fault := self._names.fault(header, "message", "message"):
                    return fault
        return ""
