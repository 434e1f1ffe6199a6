"""The names of a result's columns, as formulas and Business Objects spell them."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from microflow_runtime.compiler.faults import did_you_mean
from microflow_runtime.errors import NodeError

_MOST_SHOWN: Final = 20


@lru_cache(maxsize=4096)
def column_names(columns: tuple[str, ...], read: frozenset[str], taken: frozenset[str]) -> tuple[str, ...]:
    """Give the columns by the names that are expected of them: upper and lower case do not matter where one alone can be meant.

    `read` are names that have to be there, `taken` names that may be missing. Raises NodeError of kind `database` when a
    name that is read is not there, when one that may be missing stands there in another spelling, and when two columns
    have one name.
    """
    names = _spelled(columns, read | taken)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _refusal(f'the statement gives two columns "{twice}"; name one of them anew with `as`.')
    lacking = sorted(read.difference(names))
    if lacking:
        help_text = did_you_mean(lacking[0], names)
        raise _refusal(
            f"the statement gives no column {_listed(lacking)}; it gives {_listed(names)}"
            f"{f'; {help_text}' if help_text else '.'}"
        )
    _refuse_near(names, read, taken)
    return names


def refuse_rowless(read: Collection[str]) -> None:
    """Raise NodeError of kind `database` when formulas read columns of a statement that gives no rows."""
    if read:
        raise _refusal(f"the statement gives no rows, and so no column {_listed(sorted(read))}; add `returning`.")


def _spelled(columns: Sequence[str], expected: frozenset[str]) -> tuple[str, ...]:
    """Give a column the expected name that is its own but for upper and lower case, where it is the only such one."""
    open_names: dict[str, list[str]] = {}
    for name in expected.difference(columns):
        open_names.setdefault(name.casefold(), []).append(name)
    if not open_names:
        return tuple(columns)
    folded = [column.casefold() for column in columns]
    names = []
    for column, fold in zip(columns, folded, strict=True):
        found = open_names.get(fold, [])
        is_only = folded.count(fold) == 1 and column not in expected
        names.append(found[0] if len(found) == 1 and is_only else column)
    return tuple(names)


def _refuse_near(names: tuple[str, ...], read: frozenset[str], taken: frozenset[str]) -> None:
    """Refuse `hired_on` where a Business Object has `hiredOn`, which would stay empty without anybody knowing."""
    spare = {_bare(name): name for name in names if name not in read and name not in taken}
    for name in sorted(taken.difference(names)):
        near = spare.get(_bare(name))
        if near is not None:
            raise _refusal(
                f'the statement gives the column "{near}" and none "{name}", which is wanted; write `{near} as "{name}"`.'
            )


def _bare(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none"
    more = ", …" if len(names) > _MOST_SHOWN else ""
    return ", ".join(f'"{name}"' for name in names[:_MOST_SHOWN]) + more


def _refusal(message: str) -> NodeError:
    return NodeError(message, kind="database")
