"""What definitions ask for outside themselves."""

from tests.unit.runtime.grants.granted_apps import ASKED, app_of
from tests.unit.small_apps import source_of

from microflow_runtime.compiler.reading import read_definitions
from microflow_runtime.model.file_connection import FILE_TYPES
from microflow_runtime.runtime.grants import asks_of_app
from microflow_runtime.runtime.grants.asks import PLACES
from microflow_runtime.settings import Settings

FLOW = """
microflow: Points
nodes:
  Start: {type: start, next: Each}
  Each:
    type: loop
    turns: 2
    nodes: {In: {type: code, function: loyalty points, next: Out}, Out: {type: end}}
    next: End
  End: {type: end}
"""


def test_an_app_asks_for_all_that_its_connections_and_data_sources_name() -> None:
    """Variables are filled in, hosts are written in full, and what is the app's own is not asked for."""
    asks = asks_of_app(app_of(), (), Settings())
    assert [f"{ask.kind} {ask.name}" for ask in asks] == ASKED
    assert asks[0].by == 'the connection "fx"'
    assert asks[-1].path == ("data_sources", "orders")


def test_values_of_the_operator_are_what_is_asked_for() -> None:
    """A variable that the operator gives leads where the operator says."""
    settings = Settings(variables=("Shop/fx_host=fx.example",))
    assert asks_of_app(app_of(), (), settings)[0].name == "http://fx.example:80"


def test_functions_are_asked_for_however_deep_their_nodes_stand() -> None:
    """A code node within a loop asks for its function."""
    definitions = read_definitions(source_of("app: Shop\nversion: v.1\n", FLOW))
    assert definitions.app is not None
    (ask,) = asks_of_app(definitions.app, definitions.microflows.values(), Settings())
    assert (ask.kind, ask.name, ask.by) == ("code", "loyalty points", 'the node "In" of "Points"')


def test_what_lacks_a_variable_is_left_to_its_use() -> None:
    """A connection that cannot be read in this environment asks for nothing yet, and hides nothing else."""
    found = asks_of_app(app_of(), (), Settings(environment="PROD"))
    assert {ask.path[1] for ask in found} == {"inbox", "ftps", "bucket", "minio", "post", "lacking", "orders"}


def test_every_type_of_connection_tells_its_places() -> None:
    """A type that is added without a row in the table would ask for nothing."""
    assert len(PLACES) == len(FILE_TYPES) + 2
