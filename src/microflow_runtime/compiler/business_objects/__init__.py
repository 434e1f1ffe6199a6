"""Business Object classes: what is generated from each definition to read, convert, check and write its values.

Others use: `build_classes`, `BoClass`, `ValueShape`, `Misfit`, `Notes`, `decode_json`, `encode_json`,
`exact_number`.
"""

from microflow_runtime.compiler.business_objects.bo_class import BoClass, ValueShape, build_classes, shape_of
from microflow_runtime.compiler.business_objects.json_door import JsonLimits, decode_json, encode_json, exact_number
from microflow_runtime.compiler.business_objects.misfit import Misfit, Notes

__all__ = [
    "BoClass",
    "JsonLimits",
    "Misfit",
    "Notes",
    "ValueShape",
    "build_classes",
    "decode_json",
    "encode_json",
    "exact_number",
    "shape_of",
]
