"""`python -m microflow_runtime` is the command `microflow`."""

from microflow_runtime.cli.main import run

if __name__ == "__main__":
    run()
