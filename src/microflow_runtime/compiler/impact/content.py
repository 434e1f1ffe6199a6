"""All definitions of one app at one version, as the comparison takes them."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from microflow_runtime.compiler.business_objects import encode_json
from microflow_runtime.model.app import App
from microflow_runtime.model.business_object import BusinessObject
from microflow_runtime.model.microflow import Microflow


class AppContent(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an app whose definitions have passed the check. `files` gives the content hash of each shared file by path."""

    app: App
    flows: Mapping[str, Microflow] = {}
    business_objects: Mapping[str, BusinessObject] = {}
    files: Mapping[str, str] = {}


def same(old: Any, new: Any) -> bool:
    """Tell whether two records, or values of definitions, are written alike; unlike `==`, 1, 1.0 and true are three things."""
    if old is new:
        return True
    return old is not UNSET and new is not UNSET and encode_json(old) == encode_json(new)
