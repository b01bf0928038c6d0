# Each target sets up all it needs in .venv; the first run installs, later ones start at once.
PYTHON ?= python3
OUT ?= paper-results
CONSTRAINTS := constraints.txt
VENV := .venv
BIN := $(VENV)/bin

.PHONY: paper test lowest lowest-tests lint bench docs clean

paper: $(VENV)/.installed  ## figures 2-4 and Sec. 8 with their data, and the ledger of the 70 equations
	$(BIN)/quantumbattery paper --out $(OUT)

test: $(VENV)/.installed-test  ## the whole test suite, examples in docstrings included
	$(BIN)/python -m pytest -rs -n auto --maxprocesses 4 --dist loadfile

# The oldest Python too, where there is one.
lowest:  ## a part of the tests, from each room, at the lowest versions declared
	$(MAKE) lowest-tests VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt \
		PYTHON="$$(command -v python3.11 || echo $(PYTHON))"

LOWEST := quantities merit/test_ergotropy.py network/test_network.py network/test_transitions.py \
	network/test_joint_starts.py::test_a_model_of_qutip_starts_in_joint_states_too \
	reach/test_sparse.py states/test_lindblad.py dynamics/test_unitary.py moments/test_moments.py \
	charging/test_charge.py charging/test_qutip_export.py pair/test_qubit_pair.py \
	plot/test_marks.py sweeps/test_sweep.py sweeps/test_hostile_stores.py test_cli_refused.py \
	test_files.py test_machine.py

lowest-tests: $(VENV)/.installed-test
	$(BIN)/python -m pytest -W ignore -n auto --maxprocesses 4 --dist loadfile $(addprefix tests/,$(LOWEST))

lint: $(VENV)/.installed-lint  ## style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench  ## speed and memory beside the peers, in one run
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed-docs  ## the book, its code run, in build/docs
	$(BIN)/python -m sphinx -W --keep-going -q -E -d build/doctrees docs/book build/docs
	@echo "Open build/docs/index.html"

clean:
	rm -rf $(VENV) .venv-lowest $(OUT) build/docs build/doctrees build/jupyter_execute build/ipython

# The stamp is written when pip is whole: what was stopped before that is made anew.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip --version > $@.part && mv $@.part $@

# The constraints reach the build environment too, hence the variable rather than an option.
INSTALL = PIP_CONSTRAINT=$(CONSTRAINTS) $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS) | $(VENV)/.made
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(CONSTRAINTS) | $(VENV)/.made
	$(INSTALL) --editable ".[$*]"
	@touch $@ $(VENV)/.installed
