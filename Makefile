# make run · make test · make bench · make check · make fix    (Python 3.11 or newer and make are enough)
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
DEMO ?= 1
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements.lock

.PHONY: run test bench check fix
.DEFAULT_GOAL := run

# Bookend must not outlive make, not even its `kill -9`: hence `exec` and --with-parent.
run: $(STAMP)
	@DATA_DIR="$(DATA_DIR)" exec $(BIN)/python manage.py up --port $(PORT) --with-parent $(if $(filter 0 no false,$(DEMO)),--no-demo)

# Two at a time; what must share a process or a machine says so by `xdist_group`.
test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

bench: $(STAMP)
	$(BIN)/python -m benchmarks

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates

fix: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The stamp is a copy of the lock file that was installed last: a new lock installs again.
$(STAMP): requirements.lock
	@sh scripts/install.sh "$(PYTHON)" "$(VENV)" "$(STAMP)"
