"""What the packages of an app may use outside themselves: asked for by definitions, granted by the operator, checked at use.

Others use: `Grants`, the grants that one process knows; `asks_of_app` and `Ask` where a package is looked at as a whole, and
`NotGranted` and `faults_of` where one is refused.
"""

from microflow_runtime.runtime.grants.asks import Ask, asks_of_app
from microflow_runtime.runtime.grants.faults import NotGranted, faults_of
from microflow_runtime.runtime.grants.held import Grants, commands_for

__all__ = ["Ask", "Grants", "NotGranted", "asks_of_app", "commands_for", "faults_of"]
