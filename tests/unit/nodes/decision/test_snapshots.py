"""A published snapshot decides by the file with which it was published."""

from pathlib import Path

from tests.unit.dmn_files import decision, definitions, literal
from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, package_of, said_by

from microflow_runtime.runtime.publishing import deploy

_ASK = """
microflow: Ask
outputs: {Out: Text}
nodes:
  Start: {type: start, next: Decide}
  Decide: {type: decision, file: files/a.dmn, decision: A, out: {Out.value: = result}, next: End}
  End: {type: end}
"""


async def test_each_snapshot_has_its_own_file(tmp_path: Path) -> None:
    """Here, in a process that only follows, and after a start, though the flow itself is the same."""
    home = SmallHome(tmp_path)
    try:
        runtime, worker = await home.runtime(), home.worker()
        for number, word in (("1", "old"), ("2", "new")):
            content = definitions(decision("A", literal(f'"{word}"'), type_ref="string"))
            await deploy(runtime, package_of(app_text(f"v.{number}"), TEXT, _ASK, a_dmn=content), audit)
        for catalog in (runtime.catalog, await worker.catch_up(), (await home.runtime()).catalog):
            assert await said_by(catalog, "Ask", "v.1") == "old"
            assert await said_by(catalog, "Ask", "v.2") == "new"
    finally:
        await home.close()
