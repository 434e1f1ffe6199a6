"""Schemas whose references lead nowhere: what is missing is replaced by an element that stands for it."""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.nodes.soap.references import (
    BUILT_IN,
    ENCODINGS,
    MIME,
    XSD,
    Gaps,
    Names,
    local_name,
    number_of,
    resolved,
    target_of,
)


def use_built_ins(schema: Any) -> None:
    """Write the simple types of the SOAP encoding, which are those of XML Schema, as those."""
    for node in schema.iter(f"{{{XSD}}}*"):
        for attribute in ("type", "base", "itemType"):
            name = resolved(node, node.get(attribute, ""))
            if name is not None and name[0] in ENCODINGS and name[1] in BUILT_IN:
                prefix = next(each for each, space in node.nsmap.items() if space == XSD)
                node.set(attribute, f"{prefix}:{name[1]}" if prefix else name[1])


def drop_simple_types(schemas: list[Any], names: Names) -> None:
    """Take simple types that restrict, list or unite what is not there for not there themselves."""
    simple = [node for schema in schemas for node in schema.iterfind(f"{{{XSD}}}simpleType")]
    while broken := {id(node): fault for node in simple if (fault := _fault_of_simple(node, names))}:
        for node in [each for each in simple if id(each) in broken]:
            names.drop("type", target_of(node), node.get("name", ""), broken[id(node)])
            node.getparent().remove(node)
            simple.remove(node)


def _fault_of_simple(node: Any, names: Names) -> str:
    """Return what a simple type lacks."""
    for each in node.iter(f"{{{XSD}}}restriction", f"{{{XSD}}}list", f"{{{XSD}}}union"):
        for attribute in ("base", "itemType", "memberTypes"):
            for written in each.get(attribute, "").split():
                if fault := names.fault_of(each, "type", written):
                    return fault
    return ""


class SchemaGaps:
    """Puts gaps into one schema."""

    def __init__(self, names: Names, gaps: Gaps, trees: list[Any]) -> None:
        self._names = names
        self._gaps = gaps
        self._trees = trees

    def mend(self, schema: Any) -> None:
        """Look at every element of it that may refer to something."""
        looks = {
            "import": self._import,
            "element": self._element,
            "attribute": self._attribute,
            "attributeGroup": self._attribute,
            "group": self._group,
            "extension": self._derived,
            "restriction": self._derived,
        }
        for node in [*schema.iter(*(f"{{{XSD}}}{name}" for name in looks))]:
            if next(node.iterancestors(f"{{{XSD}}}schema"), None) is not None:  # not cut off meanwhile
                looks[local_name(node)](node)

    def _import(self, node: Any) -> None:
        """Import a document under the namespace that it has; import nothing that is known without."""
        number = number_of(node.get("schemaLocation", ""))
        if number is not None:
            own = self._trees[number].get("targetNamespace", "")
            if own:
                node.set("namespace", own)
            else:
                node.attrib.pop("namespace", None)
        elif node.get("namespace", "") in {XSD, *ENCODINGS, *MIME}:
            node.getparent().remove(node)

    def _element(self, node: Any) -> None:
        name = resolved(node, node.get("ref", ""))
        if node.get("ref") is not None and name is not None and name[0] == XSD:
            # what comes there is a schema, as in the data sets of .NET: anything
            _replace(node, f"{{{XSD}}}any", {"processContents": "lax"}, keep=("minOccurs", "maxOccurs"))
            return
        if fault := self._names.fault(node, "element", "ref"):
            _replace(node, f"{{{XSD}}}element", {"name": self._gaps.name(fault)}, keep=("minOccurs", "maxOccurs"))
        elif fault := self._names.fault(node, "type", "type"):
            del node.attrib["type"]
            self._fill(_child(node, "complexType"), fault)

    def _attribute(self, node: Any) -> None:
        """Leave out attributes that nobody defines; they can be sent by nobody."""
        if self._names.fault(node, local_name(node), "ref"):
            node.getparent().remove(node)
        elif self._names.fault(node, "type", "type"):
            del node.attrib["type"]

    def _group(self, node: Any) -> None:
        if fault := self._names.fault(node, "group", "ref"):
            keep = ("minOccurs", "maxOccurs")
            sequence = _replace(node, f"{{{XSD}}}sequence", {}, keep=keep)
            _child(sequence, "element").set("name", self._gaps.name(fault))

    def _derived(self, node: Any) -> None:
        """Empty a complex type of which nobody knows what it extends or restricts."""
        fault = self._names.fault(node, "type", "base")
        owner = next(node.iterancestors(f"{{{XSD}}}complexType"), None)
        if fault and owner is not None and local_name(node.getparent()) in {"complexContent", "simpleContent"}:
            for each in [*owner]:
                owner.remove(each)
            self._fill(owner, fault)
        elif fault and local_name(node.getparent()) == "simpleType":
            # a type without a name, of an element or attribute
            inside = next(node.iterancestors(f"{{{XSD}}}element", f"{{{XSD}}}attribute"), None)
            node.getparent().getparent().remove(node.getparent())
            if inside is not None and local_name(inside) == "element":
                self._fill(_child(inside, "complexType"), fault)

    def _fill(self, complex_type: Any, fault: str) -> None:
        _child(_child(complex_type, "sequence"), "element").set("name", self._gaps.name(fault))


def _replace(node: Any, tag: str, attributes: Mapping[str, str], *, keep: tuple[str, ...]) -> Any:
    """Put an element without content in the place of another, with some of its attributes."""
    kept = {name: node.get(name) for name in keep if node.get(name) is not None}
    parent = node.getparent()
    made = parent.makeelement(tag, {**kept, **attributes}, nsmap=node.nsmap)
    made.sourceline = node.sourceline
    parent.replace(node, made)
    return made


def _child(node: Any, name: str) -> Any:
    made = node.makeelement(f"{{{XSD}}}{name}", nsmap=node.nsmap)
    node.append(made)
    return made
