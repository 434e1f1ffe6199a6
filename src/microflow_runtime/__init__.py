"""An open runtime for microflows. Start at `cli.main` for the command, `runtime.runtime` for the library."""

from typing import Final

__version__: Final = "0.1.0"
