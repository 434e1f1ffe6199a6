"""Writes sections as Markdown: on the terminal and in docs/benchmarks.md, the same text."""

from collections.abc import Iterable, Sequence

from bench.figures import Figure, Section, Table, shown

_HEAD = """# Benchmarks

Written by `make bench`: one run on one machine, all services interleaved. Figures from another machine differ; the
ratios less so. Run it yourself before you rely on them.
"""


def page(sections: Sequence[Section], machine: Sequence[tuple[str, str]]) -> str:
    """Give the whole of docs/benchmarks.md."""
    parts = [_HEAD, _table(Table(("machine", ""), tuple(machine))), "## Targets\n", targets(sections)]
    return "\n".join([*parts, *(section(each) for each in sections)])


def targets(sections: Iterable[Section]) -> str:
    """Give the figures that have a target, and whether they reach it."""
    figures = [figure for each in sections for figure in each.figures if figure.target]
    rows = tuple(
        (figure.name, shown(figure.value, figure.unit), figure.target, "yes" if figure.is_met else "**no**")
        for figure in figures
    )
    return _table(Table(("figure", "measured", "target", "met"), rows))


def section(found: Section) -> str:
    """Give one section."""
    figures = Table(("figure", "measured"), tuple((each.name, shown(each.value, each.unit)) for each in found.figures))
    tables = [_table(table) for table in (*found.tables, figures) if table.rows]
    return "\n".join([f"## {found.title}\n", f"{found.about}\n", *tables])


def missed(sections: Iterable[Section]) -> list[Figure]:
    """Give the figures that do not reach their targets."""
    return [figure for each in sections for figure in each.figures if not figure.is_met]


def _table(table: Table) -> str:
    lines = [table.head, tuple("---" for _ in table.head), *table.rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
