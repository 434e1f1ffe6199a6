"""The reference page of the settings."""

from pathlib import Path

from microflow_runtime.settings import SETTINGS
from microflow_runtime.settings.reference import render_reference

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"


def test_every_setting_has_a_section() -> None:
    """What is not documented is not there."""
    page = render_reference()
    for setting in SETTINGS.values():
        assert f"\n## {setting.name}\n" in page
        assert f"`{setting.variable}`" in page


def test_the_published_page_is_the_present_one() -> None:
    """The file in docs was rendered from this record; run `python -m microflow_runtime.settings.reference`."""
    assert PAGE.read_text(encoding="utf-8") == render_reference()
