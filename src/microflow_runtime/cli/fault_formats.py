"""Faults in the formats that other programs read: JSON, GitHub's workflow commands, SARIF 2.1.0 and JUnit XML."""

import html
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote

import msgspec

from microflow_runtime.errors import Fault, Place


def escaped(text: str) -> str:
    r"""Write characters that do not print (controls, reversals of direction) as `\x1b` or `\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\u200c\u200d" else c.encode("unicode_escape").decode("ascii") for c in text
    )


def as_json(faults: Sequence[Fault]) -> str:
    """Give `{"errors": …, "warnings": …, "faults": […]}`, each fault with every field of its record."""
    errors = sum(fault.is_error for fault in faults)
    document = {"errors": errors, "warnings": len(faults) - errors, "faults": list(faults)}
    return _indented(document)


def as_github(faults: Sequence[Fault]) -> str:
    """Give a workflow command for each fault, which puts it beside the line it is about."""
    return "".join(f"{_github_command(fault)}\n" for fault in faults)


def as_sarif(faults: Sequence[Fault]) -> str:
    """Give a SARIF log with one run; columns count Unicode code points."""
    codes = sorted({fault.code for fault in faults})
    driver = {"name": "microflow", "version": _own_version(), "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(fault) for fault in faults],
    }
    return _indented({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def as_junit(faults: Sequence[Fault]) -> str:
    """Give a JUnit report: a failed case for each fault, a passed one for each warning, and one passed case when there is none."""
    errors = sum(fault.is_error for fault in faults)
    cases = [_junit_case(fault) for fault in faults] or ['    <testcase classname="microflow" name="check"/>']
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<testsuites>",
        f'  <testsuite name="microflow check" tests="{len(cases)}" failures="{errors}" errors="0" skipped="0">',
        *cases,
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _indented(document: Any) -> str:
    """Give indented JSON in which characters that do not print are escapes: it may be read on a terminal, too."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _sentence(fault: Fault) -> str:
    return fault.message + (f" ({fault.help})" if fault.help else "")


def _github_command(fault: Fault) -> str:
    properties = {"title": fault.code}
    if place := fault.place:
        properties |= {
            "file": place.file,
            "line": str(place.line),
            "col": str(place.column),
            "endColumn": str(place.end_column),
        }
    written = ",".join(
        f"{name}={_github_text(text).replace(':', '%3A').replace(',', '%2C')}" for name, text in properties.items()
    )
    return f"::{'error' if fault.is_error else 'warning'} {written}::{_github_text(_sentence(fault))}"


def _github_text(text: str) -> str:
    return escaped(text).replace("%", "%25")


def _sarif_result(fault: Fault) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": fault.code,
        "level": "error" if fault.is_error else "warning",
        "message": {"text": escaped(_sentence(fault))},
        "locations": [_sarif_location(fault.place)] if fault.place else [],
    }
    if fault.declared:
        result["relatedLocations"] = [_sarif_location(fault.declared) | {"message": {"text": "declared here"}}]
    if fault.place and fault.replacement is not None:
        replacement = {"deletedRegion": _sarif_region(fault.place), "insertedContent": {"text": fault.replacement}}
        result["fixes"] = [
            {"artifactChanges": [{"artifactLocation": _sarif_artifact(fault.place), "replacements": [replacement]}]}
        ]
    return result


def _sarif_location(place: Place) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _sarif_artifact(place), "region": _sarif_region(place)}}


def _sarif_artifact(place: Place) -> dict[str, str]:
    return {"uri": quote(place.file)}


def _sarif_region(place: Place) -> dict[str, int]:
    return {"startLine": place.line, "startColumn": place.column, "endColumn": place.end_column}


def _junit_case(fault: Fault) -> str:
    where = f"{fault.place.file}:{fault.place.line}:{fault.place.column}" if fault.place else "definitions"
    opening = f'    <testcase classname="{_xml(fault.place.file if fault.place else "definitions")}" name="{_xml(f"{fault.code} {where}")}">'
    if fault.is_error:
        return f'{opening}<failure type="{_xml(fault.code)}" message="{_xml(fault.message)}">{_xml(fault.one_line())}</failure></testcase>'
    return f"{opening}<system-out>{_xml(fault.one_line())}</system-out></testcase>"


def _xml(text: str) -> str:
    return html.escape(escaped(text), quote=True)


def _own_version() -> str:
    try:
        return version("microflow-runtime")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
