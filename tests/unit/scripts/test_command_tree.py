"""Names in command lines of pages are checked against what exists."""

import pytest
from command_tree import commands, make_targets, unknown_words


def test_targets_are_those_of_the_makefile() -> None:
    """The targets that the project promises are there."""
    assert {"setup", "demo", "serve", "test", "check", "bench", "docs", "lock"} <= make_targets()


def test_groups_stand_before_their_commands() -> None:
    """The tree holds groups and their commands."""
    words = [each.words for each in commands()]
    assert words.index(("token",)) < words.index(("token", "add"))


@pytest.mark.parametrize(
    "line",
    [
        "make test ARGS=-x",
        "microflow token add --user admin --home x",
        "MICROFLOW_HOME=x microflow serve --app apps/Demo",
        "git clone somewhere",
        "# a remark",
        "",
    ],
)
def test_what_exists_is_known(line: str) -> None:
    """A line of things that exist has nothing unknown."""
    assert unknown_words(line) == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("make everything", "everything"),
        ("microflow fly", "microflow fly"),
        ("microflow serve --speed 9", "--speed"),
        ("rm -rf x", "rm"),
    ],
)
def test_what_does_not_exist_is_named(line: str, word: str) -> None:
    """A page cannot name a target, command or option that is not there."""
    assert word in " ".join(unknown_words(line))
