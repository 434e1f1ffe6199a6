"""An open runtime for microflows. Start at `cli.main` for the command, `runtime.runtime` for the library."""
