"""An app as it is in the environment of this server: with the operator's own values for its variables."""

import msgspec

from microflow_runtime.model.app import App, Environment
from microflow_runtime.settings import Settings


def in_environment(app: App, settings: Settings) -> App:
    """Give the app with the values of the setting `variables` laid over those that its environment has.

    A value for `App/name` is for that app alone and wins over one for `name`, which is for every app.
    """
    if not settings.variables:
        return app
    given = dict(entry.split("=", 1) for entry in settings.variables)
    own = f"{app.name}/"
    for_all = {name: value for name, value in given.items() if "/" not in name}
    for_it = {name.removeprefix(own): value for name, value in given.items() if name.startswith(own)}
    there = app.environments.get(settings.environment)
    variables = {**(there.variables if there else {}), **for_all, **for_it}
    chosen = Environment(name=settings.environment, variables=variables)
    return msgspec.structs.replace(app, environments={**app.environments, settings.environment: chosen})
