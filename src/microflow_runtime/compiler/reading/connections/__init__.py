"""The connections of `app.yaml`: one shape a type of connection, all of them in `table`, read twice.

When the app is read, a setting may still name variables; when a connection is opened, they have their values.

Others use: `CONNECTION`, `check_variables`, `settings_in`.
"""

from microflow_runtime.compiler.reading.connections.table import CONNECTION, check_variables
from microflow_runtime.compiler.reading.connections.values import settings_in

__all__ = ["CONNECTION", "check_variables", "settings_in"]
