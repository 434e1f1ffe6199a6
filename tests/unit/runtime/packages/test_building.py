"""Building packages of an app whose definitions lie in folders below."""

from pathlib import Path

from tests.unit.small_homes import TEXT, SmallHome, app_text, audit, flow_text, said_by

from microflow_runtime.nodes import NODE_TYPES
from microflow_runtime.runtime.packages import read_package
from microflow_runtime.runtime.packages.building import Wanted, build_packages
from microflow_runtime.runtime.publishing import deploy


async def test_folders_below_go_along(tmp_path: Path) -> None:
    """As a whole and flow by flow: the package has the files where they lie, and its flows answer once it is deployed."""
    app = tmp_path / "elsewhere" / "Shop"
    for path, text in {
        "app.yaml": app_text("v.1"),
        "business_objects/words/Text.yaml": TEXT,
        "microflows/said/loud/Say.yaml": flow_text("Say", "it") + "id: say\n",
        "microflows/Ask.yaml": flow_text("Ask", "well ", callee="Say") + "id: ask\n",
    }.items():
        (app / path).parent.mkdir(parents=True, exist_ok=True)
        (app / path).write_text(text)
    for number, wanted in enumerate((Wanted(), Wanted(flows=("Ask",)))):
        home = SmallHome(tmp_path / str(number))
        try:
            ((name, content),) = (await build_packages(app, wanted, NODE_TYPES)).packages.items()
            package = read_package(name, content)
            paths = {file.path for file in package.source.files}
            assert {"business_objects/words/Text.yaml", "microflows/said/loud/Say.yaml"} <= paths
            runtime = await home.runtime()
            await deploy(runtime, package, audit, activate=True)
            assert await said_by(runtime.catalog, "Ask") == "well it"
        finally:
            await home.close()
