# The verbs, the same for people and for CI. `make help` lists them.

VENV := .venv
BIN := $(VENV)/bin
CODE := $(wildcard src tests bench)
PURE := kernel regexes incidents changes heartbeats sources routing patterns schedules choosing asking noise digests notices saying conversing timetables expressions asl executions approvals automation
SEEDS ?= 10000
# The tests of one file stay together: they share what is dear to start.
# Half of the time a test waits for a program beside it.
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile --no-loadscope-reorder
UNTRACED := tests/serverless tests/incidents/test_small_world.py tests/end_to_end \
	tests/testing/test_simulator.py tests/dynamo/test_dynamo_simulation.py tests/dynamo/test_dynamo_wire.py \
	tests/conversations tests/demo $(if $(TOCSIN_NO_BROWSER),,tests/browser)
# The first of these that works: a version manager's shim may exist and still fail.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group build
# What the functions of `tocsin deploy` run with, on Amazon Linux 2023 for arm64; boto3 is there, and nothing loops.
FUNCTIONS := $(BIN)/uv pip compile --quiet --no-config --python-platform aarch64-manylinux_2_34 --python-version 3.13 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
	$(foreach package,uvloop pycparser,--no-emit-package $(package)) pyproject.toml

comma := ,
empty :=
space := $(empty) $(empty)

.PHONY: help setup test check format demo bench simulate conformance lock clean
.DEFAULT_GOAL := help

help: ## lists the verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## makes .venv with everything that developing needs, at the locked versions

test: check ## runs every check and test, and holds the coverage thresholds
	@if [ -n "$(TOCSIN_NO_BROWSER)" ]; then \
		echo "TOCSIN_NO_BROWSER is set: the tests in tests/browser are left out."; \
	elif [ -z "$(CHROMIUM)" ]; then \
		echo "The console's tests need Chromium: apt-get install chromium (or set TOCSIN_NO_BROWSER=1 to leave them out)."; \
		exit 1; \
	fi
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -W error $(SIDE_BY_SIDE) $(addprefix --ignore ,$(UNTRACED)) \
		-k "not (test_the_scenario_holds and aws)" $(ARGS)
	@echo "Without coverage: browsers and its tracer do not go together, and it makes long simulations three times as long."
	TOCSIN_CHROMIUM="$(CHROMIUM)" $(BIN)/python -m pytest -W error -q $(SIDE_BY_SIDE) $(UNTRACED) tests/incidents/test_scenarios.py
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 \
		--include="$(subst $(space),$(comma),$(foreach package,$(PURE),src/tocsin/$(package)/*))"

check: $(VENV)/.dev ## lints, checks the format, the types and the import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-cache --no-logo

format: $(VENV)/.dev ## formats the code, and repairs what the linter can
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

demo: $(VENV)/.runtime ## shows the whole story in a minute; KEEP=1 keeps serving
	@$(BIN)/tocsin demo $(if $(KEEP),--keep)

bench: $(VENV)/.dev ## measures, side by side with Alertmanager
	$(BIN)/python -m bench $(ARGS)

simulate: $(VENV)/.dev ## runs the seeded simulation; SEEDS=10000
	$(BIN)/python -m tocsin.testing.simulator --seeds $(SEEDS)

conformance: $(VENV)/.dev ## compares with cases recorded from AWS, where they lie beside the repository
	$(BIN)/python -m tests.conformance

lock: $(VENV)/.dev ## refreshes both lock files to the newest versions
	$(COMPILE) --upgrade --output-file requirements.lock
	$(COMPILE) --upgrade --extra aws --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(FUNCTIONS) --constraint requirements.lock --output-file src/tocsin/aws/functions.lock

clean: ## removes everything that these verbs have made
	rm -rf .venv .venv-newest build dist artifacts .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: a verb that finds them younger than their reasons installs nothing.

$(VENV)/.made:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Tocsin needs Python 3.11 or newer, and found none. If it has another name: make setup PYTHON=..."; \
		exit 1; \
	elif "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
		"$(PYTHON)" -m venv --clear $(VENV); \
	elif "$(PYTHON)" -m virtualenv --version >/dev/null 2>&1; then \
		"$(PYTHON)" -m virtualenv --quiet --clear $(VENV); \
	else \
		echo "$(PYTHON) cannot make a virtual environment, as Debian packs that part by itself: apt-get install python3-venv"; \
		exit 1; \
	fi
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.made requirements-dev.lock pyproject.toml
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.runtime $@
