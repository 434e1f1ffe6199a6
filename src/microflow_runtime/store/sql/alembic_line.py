"""Applies one of the two lines of migrations. Loaded only when there is something to apply: Alembic is slow to load."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, select

from microflow_runtime.store.sql.schema import FLOOR_KEY
from microflow_runtime.store.sql.tables import meta

LINES = {"pre": "alembic_version", "post": "alembic_version_post"}
"""Each line, and the table in which the database keeps how far it has come."""
FOLDER = Path(__file__).parents[1] / "migrations"
"""What runs the steps, and the types they share."""
STEPS = FOLDER
"""The folder with a folder of steps for each line."""


def upgrade(connection: Connection, line: str) -> list[str]:
    """Apply what is missing of a line inside the connection's transaction; give the numbers of what was applied."""
    config = configured(line)
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    context = MigrationContext.configure(connection, opts={"version_table": LINES[line]})
    before = context.get_current_revision()
    if head is None or before == head:
        return []
    applied = [script.revision for script in scripts.iterate_revisions(head, before or "base")][::-1]
    command.upgrade(config, "head")
    if line == "post":
        _raise_floor(connection, max(scripts.get_revision(number).module.floor for number in applied))
    return applied


def configured(line: str) -> Config:
    """Give Alembic's configuration of a line."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(STEPS / line).replace("%", "%%"))
    config.attributes["version_table"] = LINES[line]
    return config


def _raise_floor(connection: Connection, floor: str) -> None:
    kept = connection.execute(select(meta.c.value).where(meta.c.key == FLOOR_KEY)).scalar()
    if kept is None or kept < floor:
        connection.execute(delete(meta).where(meta.c.key == FLOOR_KEY))
        connection.execute(insert(meta), {"key": FLOOR_KEY, "value": floor})
