"""Requests of classAction, and the ten keys of its answers."""

import json
from typing import Any

import pytest
from tests.unit.small_apps import LINE, ORDER, catalog_of

from microflow_runtime.compiler.business_objects import JsonLimits
from microflow_runtime.errors import BadRequest
from microflow_runtime.runtime import RefreshReport
from microflow_runtime.service.refresh import ClassAction, class_action_body, read_class_action

COPY = """
microflow: Copy
inputs: {In: Order}
outputs: {Out: Order}
nodes:
  Start: {type: start, next: End}
  End: {type: end, out: {Out: = In}}
"""


def _read(given: Any) -> ClassAction:
    return read_class_action(json.dumps(given).encode(), JsonLimits())


def test_a_request_is_read() -> None:
    """Names are kept as they came, whatever they look like; other keys are passed over."""
    names = ["../../etc/passwd", "a\r\nb", "x.jar"]
    assert _read({"fileNames": names, "event": "file", "more": 1}) == ClassAction(tuple(names), "file")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "must be a JSON object"),
        ({"fileNames": ["a"]}, "event must be one of refresh, file, generate"),
        ({"fileNames": ["a"], "event": "delete"}, "event must be one of"),
        ({"fileNames": ["a"], "event": ["refresh"]}, "event must be one of"),
        ({"event": "refresh"}, "fileNames must be a list of texts"),
        ({"fileNames": "a", "event": "refresh"}, "fileNames must be a list of texts"),
        ({"fileNames": ["a", 1], "event": "refresh"}, "fileNames must be a list of texts"),
        ({"fileNames": [""], "event": "refresh"}, "fileNames must be a list of texts"),
        ({"fileNames": [], "event": "refresh"}, "must hold 1 to 1000 names"),
        ({"fileNames": ["a"] * 1001, "event": "refresh"}, "must hold 1 to 1000 names"),
    ],
)
def test_what_is_no_request_is_refused(given: Any, reason: str) -> None:
    """Each is a BadRequest with what the key takes."""
    with pytest.raises(BadRequest, match=reason):
        _read(given)


def test_the_ten_keys_are_always_there() -> None:
    """A refusal has them all, and a report's figures stand under the API's own spelling."""
    refused = class_action_body(None, (), "no")
    catalog = catalog_of(ORDER, LINE, COPY)
    report = RefreshReport(epoch=2, changed=True, catalog=catalog, records=catalog.manifest.flows)
    told = class_action_body(report, ("a.jar",))
    assert list(refused) == list(told)
    assert (refused["responseStatus"], refused["exception"], refused["process"], refused["files"]) == (
        "ERROR",
        "no",
        [],
        [],
    )
    assert told == {
        "businessObjectSize": 2,
        "exception": "",
        "fieldDescriptersMapSize": 2,
        "process": ["Copy"],
        "businessObjectDefSize": 2,
        "files": ["a.jar"],
        "cacheClassSize": 2,
        "definitionSize": 1,
        "responseStatus": "SUCCESS",
        "fieldDescripterSize": 5,
    }
