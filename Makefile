# Each target sets up all it needs in .venv; the first run installs, later ones start at once.
PYTHON ?= python3
OUT ?= paper-results
CONSTRAINTS := constraints.txt
VENV := .venv
BIN := $(VENV)/bin

.PHONY: paper test lowest newest part lint bench docs pages dist interface clean

paper: $(VENV)/.installed  ## figures 2-4 and Sec. 8 with their data, and the ledger of the 70 equations
	$(BIN)/quantumbattery paper --out $(OUT)

test: $(VENV)/.installed-test  ## the whole test suite, examples in docstrings included
	$(BIN)/python -m pytest -rs -n auto --maxprocesses 4 --dist loadfile

# A part of the tests, from each room, at either end of what is declared. The oldest Python and the
# newest one are looked for, under pyenv too.
lowest:  ## the lowest versions, on the oldest Python, of the book too
	$(MAKE) part part-of-the-book VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt \
		PYTHON="$(call found,3.11)"

newest:  ## the newest Python
	$(MAKE) part VENV=.venv-newest PYTHON="$(call found,3.13 3.12)"

found = $(or $(shell for version in $(1); do \
	for known in "" $$(pyenv versions --bare 2>/dev/null | grep "^$$version\."); do \
		PYENV_VERSION=$$known python$$version -c 'import sys; print(sys.executable)' 2>/dev/null && exit; \
	done; done),$(PYTHON))

PART := quantities merit/test_ergotropy.py network/test_network.py network/test_transitions.py \
	network/test_joint_starts.py::test_a_model_of_qutip_starts_in_joint_states_too \
	reach/test_sparse.py states/test_lindblad.py dynamics/test_unitary.py moments/test_moments.py \
	charging/test_charge.py charging/test_qutip_export.py pair/test_qubit_pair.py \
	plot/test_marks.py sweeps/test_identity.py sweeps/test_identity_running.py \
	sweeps/test_sweep.py sweeps/test_hostile_stores.py \
	test_cli_refused.py test_files.py test_interface.py test_machine.py

part: $(VENV)/.installed-test
	$(BIN)/python -m pytest -W ignore -n auto --maxprocesses 4 --dist loadfile $(addprefix tests/,$(PART))

# The interface, from docstrings, and a page whose code is run.
part-of-the-book: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going -q -E -d build/lowest/.doctrees \
		-D root_doc=interface/index -D include_patterns='interface/*,studies.md' \
		-D suppress_warnings=toc.not_included,myst.xref_missing docs/book build/lowest

lint: $(VENV)/.installed-lint  ## style, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench  ## speed and memory beside the peers, in one run
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed-docs  ## the book, its code run and its links followed, in build/docs
	$(BIN)/python -m sphinx -W --keep-going -q -E -d build/doctrees docs/book build/docs
	$(BIN)/python docs/check_links.py build/docs
	@echo "Open build/docs/index.html"

pages: $(VENV)/.installed-test  ## every page of the built book in a browser, light and dark
	BOOK=build/docs $(BIN)/python -m pytest -rs -n auto --maxprocesses 2 tests/docs/test_pages.py

dist: $(VENV)/.installed-dist $(VENV)/.installed-test $(VENV)/.installed-lint  ## sdist and wheel, in dist, as a stranger has them
	rm -rf dist
	PIP_CONSTRAINT=$(CONSTRAINTS) $(BIN)/python -m build --outdir dist
	$(BIN)/python -m twine check --strict dist/*
	DIST=dist PIP_CONSTRAINT=$(CONSTRAINTS) \
		$(BIN)/python -m pytest -rs tests/release

interface: $(VENV)/.installed-test  ## the list of the public interface, written anew
	$(BIN)/python tests/test_interface.py

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest $(OUT) build dist

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
