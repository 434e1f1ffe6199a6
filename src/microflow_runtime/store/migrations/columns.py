"""What the steps share: types that sort and compare alike in every database, and tables that only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TEXT, VARCHAR

_SQLITE = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, '{sentence}'); END
"""
_FUNCTION = """
CREATE FUNCTION {table}_only_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{sentence}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_POSTGRESQL = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_grows()
"""


def number() -> sa.types.TypeEngine[int]:
    """Give a whole number of 64 bits that may be a primary key."""
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def name(length: int) -> sa.types.TypeEngine[str]:
    """Give a text of bounded length, ordered by its characters' numbers whatever the database's language is."""
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def words() -> sa.types.TypeEngine[str]:
    """Give a text of any length, ordered as a name is."""
    return sa.Text().with_variant(TEXT(collation="C"), "postgresql")


def let_only_grow(table: str, sentence: str) -> None:
    """Have the database itself refuse to change or remove a row."""
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(table=table, event=event, sentence=sentence))
        return
    op.execute(_FUNCTION.format(table=table, sentence=sentence))
    for event in ("UPDATE", "DELETE", "TRUNCATE"):
        op.execute(_POSTGRESQL.format(table=table, event=event))
