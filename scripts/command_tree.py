"""The commands of the command line and the targets of the Makefile, for the reference page and for checking what pages name."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer

_ROOT: Final = Path(__file__).resolve().parent.parent
_ORDINARY: Final = {"cd", "git", "apt-get", "sudo", "export", "curl", "cp", "mkdir", "editor"}
"""Commands that a page may name beside ours without being asked whether they exist."""


class Command(NamedTuple):
    """A command: its words behind `microflow`, and what the command line knows about it."""

    words: tuple[str, ...]
    click: Any
    context: Any

    @property
    def is_group(self) -> bool:
        """True when it has commands of its own."""
        return hasattr(self.click, "list_commands")

    @property
    def options(self) -> list[Any]:
        """Give its options, without the help that every command has."""
        return [each for each in self.click.params if each.param_type_name == "option" and not each.hidden]

    def variable_of(self, option: Any) -> str:
        """Give the environment variable that an option is read from."""
        own = option.envvar
        if own is None:
            return f"{self.context.auto_envvar_prefix}_{option.name}".upper()
        return own if isinstance(own, str) else ", ".join(own)

    @property
    def arguments(self) -> list[Any]:
        """Give its arguments in their order."""
        return [each for each in self.click.params if each.param_type_name == "argument"]


def commands() -> list[Command]:
    """Give every command and group, each group before its commands, without the root."""
    return [each for each in _below(_root()) if each.words and not each.click.hidden]


def make_targets() -> set[str]:
    """Give the targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", (_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def unknown_words(line: str) -> list[str]:
    """Say what a command line of a page names that does not exist: a target, a command, an option."""
    words = shlex.split(line, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        del words[0]
    if not words:
        return []
    name, *rest = words
    if name == "make":
        targets = [word for word in rest if "=" not in word]
        return [f"there is no target `make {word}`" for word in targets if word not in make_targets()]
    if name == "microflow":
        return _unknown_of_microflow(rest)
    return [] if name in _ORDINARY else [f"nobody said that `{name}` may stand in a block that is not run"]


def _unknown_of_microflow(words: list[str]) -> list[str]:
    found = _root()
    while found.is_group and words and not words[0].startswith("-"):
        name, *words = words
        child = found.click.get_command(found.context, name)
        if child is None:
            return [f"there is no command `microflow {' '.join([*found.words, name])}`"]
        found = _command((*found.words, name), child, found.context)
    known = {name for option in found.options for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    used = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    return [f"`microflow {' '.join(found.words)}` has no option {word}" for word in used if word not in known]


def _below(command: Command) -> Iterator[Command]:
    yield command
    if command.is_group:
        for name in command.click.list_commands(command.context):
            child = command.click.get_command(command.context, name)
            yield from _below(_command((*command.words, name), child, command.context))


def _root() -> Command:
    from microflow_runtime.cli.main import app

    return _command((), typer.main.get_command(app), None)


def _command(words: tuple[str, ...], click: Any, parent: Any) -> Command:
    name = words[-1] if words else "microflow"
    return Command(words, click, click.context_class(click, info_name=name, parent=parent, **click.context_settings))
