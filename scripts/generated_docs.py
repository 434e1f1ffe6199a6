"""Writes the pages that are made from the code: settings, command line, formula functions, JSON Schemas.

`--check` writes nothing and ends with 1 when a page is not what the code would write.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from command_tree import Command, commands

_DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
_SCHEMAS: Final = "reference/schemas/"


def main() -> int:
    """Write the pages, or check them."""
    outdated = outdated_pages()
    if "--check" in sys.argv[1:]:
        for name in outdated:
            print(f"docs/{name} is not current; `make docs` writes it anew", file=sys.stderr)
        return 1 if outdated else 0
    for name, text in outdated.items():
        path = _DOCS / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(f"docs: {'removed' if text is None else 'wrote'} docs/{name}")
    print("docs: all pages are current")
    return 0


def outdated_pages() -> dict[str, str | None]:
    """Give the pages that are not as the code would write them, and what it would write; None for a page too many."""
    wanted: dict[str, str | None] = {name: text for page in PAGES for name, text in page().items()}
    for path in (_DOCS / _SCHEMAS).glob("*.json"):
        wanted.setdefault(_SCHEMAS + path.name, None)
    return {name: text for name, text in wanted.items() if _found(name) != text}


def _found(name: str) -> str | None:
    path = _DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def _settings() -> dict[str, str]:
    from microflow_runtime.settings.reference import render_reference

    return {"reference/settings.md": render_reference()}


def _schemas() -> dict[str, str]:
    from microflow_runtime.compiler.schemas import schema_files
    from microflow_runtime.nodes import NODE_TYPES

    return {_SCHEMAS + name: text for name, text in schema_files(NODE_TYPES.values()).items()}


def _nodes() -> dict[str, str]:
    from microflow_runtime.nodes import NODE_TYPES

    return {"reference/nodes.md": _NODES_HEAD + "".join(_node(node_type) for node_type in NODE_TYPES.values())}


def _node(node_type: Any) -> str:
    import msgspec

    written = (sys.modules[type(node_type).__module__].__doc__ or "").strip()
    about = written.removeprefix(f"`{node_type.name}`: ").partition("\nSource:")[0].rstrip()
    ways = {"next": "Goes on by `next`.", "links": "Goes on by `links`.", "none": "The flow ends here."}[
        node_type.exits
    ]
    late = "waits, so it may have `timeout`, `retry` and a catch with `after`" if node_type.waits else "works at once"
    schema = msgspec.json.schema_components([node_type.settings], ref_template="{name}")[1]
    settings = schema[node_type.settings.__name__]
    rows = "".join(
        f"| `{name}` | {'yes' if name in settings.get('required', ()) else ''} | {field.get('description', '')} |\n"
        for name, field in settings["properties"].items()
    )
    table = f"\n| setting | required | |\n|---|---|---|\n{rows}" if rows else ""
    more = f"- [More, with an example](nodes/{node_type.name.replace(' ', '-')}.md)\n"
    return f"\n## {node_type.name}\n\n{about[:1].upper()}{about[1:]}\n\n- {ways}\n- It {late}.\n{more}{table}"


def _functions() -> dict[str, str]:
    from microflow_runtime.feel.reference import render

    return {"reference/feel.md": render()}


def _command_line() -> dict[str, str]:
    return {"reference/cli.md": _CLI_HEAD + "".join(_command(each) for each in commands())}


def _command(command: Command) -> str:
    name = "microflow " + " ".join(command.words)
    about = (command.click.help or command.click.short_help or "").strip()
    usage = "" if command.is_group else f"\n```text\n{_usage(name, command)}\n```\n"
    rows = [(each.name.upper(), (each.help or "").strip(), "") for each in command.arguments]
    rows += [
        (", ".join((*each.opts, *each.secondary_opts)), (each.help or "").strip(), f"`{command.variable_of(each)}`")
        for each in command.options
    ]
    table = "".join(f"| `{option}` | {text} | {variable} |\n" for option, text, variable in rows)
    if table:
        table = "\n| | | variable |\n|---|---|---|\n" + table
    return f"\n## {name}\n\n{about}\n{usage}{table}"


def _usage(name: str, command: Command) -> str:
    options = " [OPTIONS]" if command.options else ""
    return name + options + "".join(map(_argument, command.arguments))


def _argument(argument: Any) -> str:
    name = argument.name.upper() + ("…" if argument.nargs == -1 else "")
    return f" {name}" if argument.required else f" [{name}]"


_CLI_HEAD: Final = """# The command line

Results go to standard output, everything else to standard error. `NO_COLOR` turns colours off.

| code | |
|---|---|
| 0 | done |
| 1 | the definitions have faults, or the flow failed |
| 2 | the command line or a setting is wrong |
| 3 | the server or the store cannot be reached |
| 4 | not allowed |
| 70 | a fault of ours; please report it |

This page is written by `make docs`.
"""
_NODES_HEAD: Final = """# Nodes

The kinds of node, and the settings of each. The keys that every node may have are on the page of the
[definitions](definitions.md).

This page is written by `make docs`.
"""

PAGES: Final[tuple[Callable[[], dict[str, str]], ...]] = (_settings, _command_line, _nodes, _functions, _schemas)
"""What writes pages; each gives their names under docs and their text."""

if __name__ == "__main__":
    sys.exit(main())
