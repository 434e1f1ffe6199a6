"""What has no section in the reference is red."""

import re
from pathlib import Path

import msgspec
import pytest
from command_tree import commands
from generated_docs import outdated_pages
from tests.docs.code_blocks import ROOT

from microflow_runtime.compiler.feel_types import CALLER, ERROR
from microflow_runtime.feel import ContextType
from microflow_runtime.feel.functions.table import BUILT_INS
from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.settings import SETTINGS

_SOURCE = ROOT / "src" / "microflow_runtime"
_CODE = re.compile(r'"(MF-[A-Z][0-9]{3})"')


def _sections(page: str, level: str = "##+") -> list[str]:
    text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    return re.findall(rf"^{level} (.+?)\s*$", text, re.MULTILINE)


def _codes() -> set[str]:
    return {code for path in _SOURCE.rglob("*.py") for code in _CODE.findall(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_has_a_section(name: str) -> None:
    """Each setting is documented under its own name."""
    assert name in _sections("settings.md")


@pytest.mark.parametrize("name", [" ".join(("microflow", *each.words)) for each in commands()])
def test_command_has_a_section(name: str) -> None:
    """Each command and group of commands is documented under the words that call it."""
    assert name in _sections("cli.md")


@pytest.mark.parametrize("name", BUILT_INS)
def test_function_has_a_section(name: str) -> None:
    """Each function of the formula language is documented under its name."""
    assert name in _sections("feel.md")


@pytest.mark.parametrize("name", NODE_TYPES)
def test_node_type_has_a_section(name: str) -> None:
    """Each kind of node is documented under its name."""
    assert name in _sections("nodes.md")


@pytest.mark.parametrize("name", NODE_TYPES)
def test_node_type_has_a_page(name: str) -> None:
    """Each kind of node has a page with the fixed parts, which names each of its settings."""
    page = f"nodes/{name.replace(' ', '-')}.md"
    assert _sections(page, "##") == ["What it does", "Settings", "Inputs", "Outputs", "Errors", "Example"]
    text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    settings = [field.encode_name for field in msgspec.structs.fields(NODE_TYPES[name].settings)]
    assert [setting for setting in settings if f"| `{setting}` |" not in text] == []


@pytest.mark.parametrize("code", sorted(_codes()))
def test_code_has_a_section(code: str) -> None:
    """Each code that the source can give is documented."""
    assert code in _sections("errors.md")


@pytest.mark.parametrize(("name", "kind"), [("caller", CALLER), ("error", ERROR)])
def test_fields_that_every_formula_may_read_are_told(name: str, kind: ContextType) -> None:
    """The page of the definitions has each field of `caller` and of an error, and no other."""
    text = (ROOT / "docs" / "reference" / "definitions.md").read_text(encoding="utf-8")
    table = text.split(f"| `{name}.` |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(kind.index)


def test_no_section_of_a_code_that_is_gone() -> None:
    """The errors page speaks of no code that the source cannot give."""
    documented = {name for name in _sections("errors.md") if name.startswith("MF-")}
    assert documented - _codes() == set()


def test_generated_pages_are_current() -> None:
    """The pages that are made from the code are as `make docs` would write them now."""
    assert list(outdated_pages()) == []


def test_links_lead_somewhere() -> None:
    """A link from one page to another file of the repository finds it."""
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in _targets(page)
        if not (page.parent / target).exists()
    ]
    assert broken == []


def _targets(page: Path) -> list[str]:
    found = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    return [target for target in found if "://" not in target]
