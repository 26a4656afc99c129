# Liên Thông: everything a newcomer types. `make run`, then `make test`.
PYTHON ?= python3
BIN := .venv/bin
# Tests mostly wait for servers of their own: five files or trials of faults at a time on two cores. What measures time runs afterwards.
ABREAST := -n 5 --dist loadfile --no-loadscope-reorder
# Tests start many processes: none of them shall compile our modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup dev run test lint check bench chaos year screenshots lock servers

setup: .venv/.runtime  ## the environment from the lock file; idempotent

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Liên Thông needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

dev: .venv/.dev

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: setup  ## the bus with simulators of every partner and a stream of dossiers
	@exec $(BIN)/lienthong up --demo

servers:
	@sh ops/install-servers.sh

test: dev servers  ## the whole suite; RabbitMQ and PostgreSQL are started privately
	LIENTHONG_REQUIRE_SERVERS=1 $(BIN)/python -m pytest -m "not chaos and not timed" $(ABREAST)
	LIENTHONG_REQUIRE_SERVERS=1 $(BIN)/python -m pytest -m "timed and not chaos" -n 2 tests/chaos

lint: dev  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy contracts mappings bus adapters ops tests

check: lint  ## format, lint, types, house rules, quick tests
	$(BIN)/python -m pytest -m "not slow and not chaos" $(ABREAST)

bench: dev servers  ## speed and memory as ratios; writes docs/performance.md
	$(BIN)/python -m tests.bench

chaos: dev servers  ## the fault scenarios at full size, two at a time: about an hour
	LIENTHONG_REQUIRE_SERVERS=1 LIENTHONG_CHAOS=full $(BIN)/python -m pytest -m "slow or chaos" --timeout 3600 -n 2 tests/chaos

year: dev  ## a year of one province, a million events, through every partner; EVENTS=N for fewer
	$(BIN)/python -m tests.year --events $(or $(EVENTS),1000000)

screenshots: dev servers  ## pictures of the running console for the guides, into docs/screens
	$(BIN)/python -m tests.console.screenshots

lock:  ## pin what *.in names
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links --no-header -o requirements.lock requirements.in
	$(BIN)/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host \
	  --no-emit-find-links --no-header -o requirements-dev.lock requirements-dev.in
