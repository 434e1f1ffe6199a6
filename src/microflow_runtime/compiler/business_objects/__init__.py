"""Business Object classes: what is generated from each definition to read, convert, check and write its values.

Others use: `build_classes`, `BoClass`, `ValueShape`, `Misfit`, `Notes`, `decode_json`, `encode_json`,
`every_misfit`, `sentence_of`, `exact_number`, `holders_of`, `hidden`, `MASK`.
"""

from microflow_runtime.compiler.business_objects.bo_class import (
    BoClass,
    ValueShape,
    build_classes,
    holders_of,
    shape_of,
)
from microflow_runtime.compiler.business_objects.every_misfit import every_misfit, sentence_of
from microflow_runtime.compiler.business_objects.json_door import JsonLimits, decode_json, encode_json, exact_number
from microflow_runtime.compiler.business_objects.misfit import MASK, Misfit, Notes, hidden

__all__ = [
    "MASK",
    "BoClass",
    "JsonLimits",
    "Misfit",
    "Notes",
    "ValueShape",
    "build_classes",
    "decode_json",
    "encode_json",
    "every_misfit",
    "exact_number",
    "hidden",
    "holders_of",
    "sentence_of",
    "shape_of",
]
