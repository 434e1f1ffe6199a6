"""Tests of the formats of faults that other programs read."""

import json
from xml.dom import minidom

import pytest

from microflow_runtime.cli.fault_formats import as_github, as_json, as_junit, as_sarif, escaped
from microflow_runtime.errors import Fault, Place

FAULT = Fault(
    code="MF-D010",
    message="no key `a<b>&\"'`",
    place=Place("a b/ก,c:d.yaml", 2, 3, 5),
    source_line="  xx",
    help="50% of it",
    declared=Place("e.yaml", 1, 1, 2),
    replacement="yy",
)
WARNING = Fault(code="MF-D032", message="stray", place=Place("a.yml", 1, 1, 2), is_error=False)
PLACELESS = Fault(code="MF-D030", message="no app")


def test_json_has_every_field() -> None:
    """Nothing of the record is lost, and the counts come first."""
    document = json.loads(as_json([FAULT, WARNING]))
    assert (document["errors"], document["warnings"]) == (1, 1)
    assert document["faults"][0]["place"] == {"file": "a b/ก,c:d.yaml", "line": 2, "column": 3, "end_column": 5}
    assert set(document["faults"][0]) == set(Fault.__struct_fields__)


def test_github_commands_are_one_line_each() -> None:
    """Signs that mean something to the reader of commands are escaped."""
    first, second, third = as_github([FAULT, WARNING, PLACELESS]).splitlines()
    assert (
        first
        == "::error title=MF-D010,file=a b/ก%2Cc%3Ad.yaml,line=2,col=3,endColumn=5::no key `a<b>&\"'` (50%25 of it)"
    )
    assert second.startswith("::warning title=MF-D032,file=a.yml,")
    assert third == "::error title=MF-D030::no app"


def test_sarif_names_rule_place_and_fix() -> None:
    """A fault is a result with its region, the other declaration and the replacement."""
    run = json.loads(as_sarif([FAULT, WARNING, PLACELESS]))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["MF-D010", "MF-D030", "MF-D032"]
    result = run["results"][0]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b/%E0%B8%81%2Cc%3Ad.yaml"
    assert location["region"] == {"startLine": 2, "startColumn": 3, "endColumn": 5}
    assert result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "e.yaml"
    assert result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "yy"
    assert [each["level"] for each in run["results"]] == ["error", "warning", "error"]
    assert run["results"][2]["locations"] == []


def test_sarif_of_nothing_is_a_run_without_results() -> None:
    """A clean check uploads an empty log, which clears what was found before."""
    assert json.loads(as_sarif([]))["runs"][0]["results"] == []


def test_junit_counts_failures() -> None:
    """A fault is a failed case, a warning a passed one with its text."""
    suite = minidom.parseString(as_junit([FAULT, WARNING, PLACELESS])).getElementsByTagName("testsuite")[0]
    assert (suite.getAttribute("tests"), suite.getAttribute("failures")) == ("3", "2")
    failure = suite.getElementsByTagName("failure")[0]
    assert failure.getAttribute("message") == FAULT.message
    assert suite.getElementsByTagName("system-out")[0].firstChild.data == WARNING.one_line()


def test_junit_of_nothing_has_a_passed_case() -> None:
    """Readers of reports take an empty suite for a broken run."""
    suite = minidom.parseString(as_junit([])).getElementsByTagName("testsuite")[0]
    assert (suite.getAttribute("tests"), suite.getAttribute("failures")) == ("1", "0")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ไทย", "plain ไทย"),
        ("a\nb", "a\\nb"),
        ("\x1b[1m", "\\x1b[1m"),
        ("\u202e", "\\u202e"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    """Letters of every script stay, joiners too; controls and reversals do not."""
    assert escaped(text) == shown
