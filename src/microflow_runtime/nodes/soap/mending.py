"""From documents as they are found to documents that can be read: what they lack is marked, see `references`."""

from collections.abc import Mapping
from typing import Any

from microflow_runtime.nodes.soap.references import XSD, Gaps, Names
from microflow_runtime.nodes.soap.schema_gaps import SchemaGaps, drop_simple_types, use_built_ins
from microflow_runtime.nodes.soap.service_gaps import ServiceGaps


def mend(trees: Mapping[str, Any], missing: Mapping[str, str]) -> Gaps:
    """Mark what refers to nothing, in place; return the gaps.

    `trees` are the documents by place, in the order of their numbers. `missing` says of a namespace why a document of it is
    not at hand.
    """
    gaps = Gaps()
    names = Names(trees, missing)
    schemas = [schema for tree in trees.values() for schema in tree.iter(f"{{{XSD}}}schema")]
    for schema in schemas:
        use_built_ins(schema)
    drop_simple_types(schemas, names)
    for schema in schemas:
        SchemaGaps(names, gaps, [*trees.values()]).mend(schema)
    ServiceGaps(names, gaps).mend([*trees.values()])
    return gaps
