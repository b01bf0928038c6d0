# Each target sets up all it needs in .venv; the first run installs, later ones start at once.
PYTHON ?= python3
OUT ?= paper-results
VENV := .venv
BIN := $(VENV)/bin

.PHONY: paper test lint bench clean

paper: $(VENV)/.installed  ## figures 2-4 and Sec. 8 with their data, and the ledger of the 70 equations
	$(BIN)/quantumbattery paper --out $(OUT)

test: $(VENV)/.installed-test  ## the whole test suite, examples in docstrings included
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/.installed-lint  ## style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench  ## speed and memory beside the peers, in one run
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(OUT)

# The stamp is written when pip is whole: what was stopped before that is made anew.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip --version > $@.part && mv $@.part $@

# The constraints reach the build environment too, hence the variable rather than an option.
INSTALL = PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.made
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(VENV)/.made
	$(INSTALL) --editable ".[$*]"
	@touch $@ $(VENV)/.installed
