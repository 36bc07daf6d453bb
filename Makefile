# make run · make test · make bench · make check · make fix    (Python 3.11 or newer and make are enough)
# make test-faults [SEED=n] · make soak [MINUTES=n SEED=n]
PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
DEMO ?= 1
# Decides what the faults are; printed, so that a run can be had again.
SEED := $(or $(SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
MINUTES ?= 10
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements.lock

.PHONY: run test test-faults soak bench check fix
.DEFAULT_GOAL := run

# Bookend must not outlive make, not even its `kill -9`: hence `exec` and --with-parent.
run: $(STAMP)
	@DATA_DIR="$(DATA_DIR)" exec $(BIN)/python manage.py up --port $(PORT) --with-parent $(if $(filter 0 no false,$(DEMO)),--no-demo)

# Two at a time; what must share a process or a machine says so by `xdist_group`.
test: check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Every fault, also those that take minutes; `make test` runs the quick ones.
test-faults: $(STAMP)
	@echo "SEED=$(SEED)"
	SEED=$(SEED) $(BIN)/python -m pytest tests/faults tests/setup/test_up.py tests/messaging/test_lease_protocol.py -m "" \
		-n 2 --dist loadgroup --hypothesis-seed=$(SEED)

# Faults at random for so many minutes.
soak: $(STAMP)
	$(BIN)/python -W ignore -m tests.faults.soak --minutes $(MINUTES) --seed $(SEED)

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
