# One command each. Every target sets up what it needs first; a second run of `setup` costs nothing.
# ARGS goes to the command behind the target: `make test ARGS="tests/unit -x"`, `make bench ARGS=--short`.

PYTHON_ENV := .venv
PY := $(PYTHON_ENV)/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check fuzz files bench docs lock

help: ## Show the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Make .venv from the lock file and install the project into it
	@bash scripts/setup.sh

demo: setup ## Start a server, call real microflows over HTTP, deploy a version, roll back, refresh, stop it
	@$(PY) scripts/demo.py $(ARGS)

serve: setup ## Serve apps/Demo and apps/Tracking until Ctrl-C
	@$(PY) scripts/demo_accounts.py $${MICROFLOW_HOME:-.microflow} 2>/dev/null
	@exec $(PYTHON_ENV)/bin/microflow serve --app apps/Demo --app apps/Tracking $(ARGS)

test: setup ## Run the tests
	@$(PY) -m pytest $(ARGS)

check: setup ## Lint, format, types, layers, and that generated pages are current
	@bash scripts/check.sh

fuzz: setup ## Try 50,000 random formulas a test, or FUZZ_EXAMPLES of them
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-50000} $(PY) -m pytest tests/property -k feel $(ARGS)

files: setup ## Read a file of 1,000,000 records and a sheet of 100,000 in loops, and tell time and memory
	@FILE_RECORDS=1000000 SHEET_RECORDS=100000 $(PY) -m pytest -q -s tests/unit/nodes/test_file_stream.py -k long $(ARGS)

bench: setup ## Measure against FastAPI and the floor, and write docs/benchmarks.md
	@bash scripts/need.sh wrk wrk
	@$(PY) -m bench.run $(ARGS)

docs: setup ## Write the generated pages anew
	@$(PY) scripts/generated_docs.py $(ARGS)

lock: setup ## Resolve the dependencies anew and write both lock files
	@bash scripts/lock.sh
