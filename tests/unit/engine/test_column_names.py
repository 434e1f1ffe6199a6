"""Names of columns against the names that formulas and Business Objects expect."""

import pytest

from microflow_runtime.engine.column_names import column_names, refuse_rowless
from microflow_runtime.errors import NodeError


@pytest.mark.parametrize(
    ("columns", "read", "taken", "expected"),
    [
        ("name age", "name", "", "name age"),
        ("NAME AGE", "name", "age other", "name age"),
        ("hiredon", "hiredOn", "", "hiredOn"),
        ("hiredon", "", "hiredOn", "hiredOn"),
        ("Name name", "name", "", "Name name"),
        ("a b", "", "c", "a b"),
        ("name Name", "", "", "name Name"),
    ],
)
def test_names_are_spelled_as_they_are_expected(columns: str, read: str, taken: str, expected: str) -> None:
    """Upper and lower case do not matter where one alone can be meant; else a column keeps its own name."""
    given = column_names(tuple(columns.split()), frozenset(read.split()), frozenset(taken.split()))
    assert given == tuple(expected.split())


@pytest.mark.parametrize(
    ("columns", "read", "taken", "told"),
    [
        ("name age", "nane", "", 'no column "nane"; it gives "name", "age"; did you mean "name"?'),
        ("name", "x y", "", 'no column "x", "y"; it gives "name".'),
        ("NAME Name", "name", "", 'no column "name"; it gives "NAME", "Name"'),
        ("name", "Name NAME", "", 'no column "NAME", "Name"; it gives "name"'),
        ("hired_on", "", "hiredOn", 'the column "hired_on" and none "hiredOn", which is wanted; write `hired_on as "hiredOn"`.'),
        ("NAME Name", "", "name", 'the column "Name" and none "name"'),
        ("name", "", "Name NAME", 'the column "name" and none "NAME"'),
        ("a a", "", "", 'two columns "a"'),
    ],
)  # fmt: skip
def test_names_that_are_not_there(columns: str, read: str, taken: str, told: str) -> None:
    """A name that is read and not given is told with those there are; one that is only welcome when it is near."""
    with pytest.raises(NodeError) as caught:
        column_names(tuple(columns.split()), frozenset(read.split()), frozenset(taken.split()))
    assert told in caught.value.message
    assert caught.value.kind == "database"


def test_a_statement_without_rows() -> None:
    """Whoever reads columns of it is told to ask for them."""
    refuse_rowless(frozenset())
    with pytest.raises(NodeError, match=r'gives no rows, and so no column "id"; add `returning`'):
        refuse_rowless(frozenset({"id"}))
