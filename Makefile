# Two commands do everything on a fresh machine with Python 3.11, 3.12 or 3.13:
#   make demo    the whole workflow on in-silico volumes, ending in results/index.html
#   make test    the test suite
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# what is never used need not be compiled; what is used is compiled once, here at the latest
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
unexport PYTHONDONTWRITEBYTECODE
SNAKEMAKE := $(BIN)/snakemake --cores all
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export XDG_CACHE_HOME ?= $(CURDIR)/.snakemake/cache
endif

.PHONY: demo test benchmarks faults house studies compare lint lock docs site release-check clean
.DELETE_ON_ERROR:

demo: $(VENV)/ready
	$(SNAKEMAKE)

test: $(VENV)/ready-for-tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

benchmarks: $(VENV)/ready-for-tests
	$(BIN)/python benchmarks/page.py

faults: $(VENV)/ready-for-tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder --fault-table=benchmarks/faults.md

house: $(VENV)/ready-for-tests
	$(BIN)/python tests/support/house.py

studies: $(VENV)/ready-for-tests
	PYTHONPATH=tests:workflow/scripts $(BIN)/python tests/support/small_studies.py "$(INTO)"

compare: $(VENV)/ready-for-tests
	$(BIN)/python tests/support/compare_results.py "$(BEFORE)" "$(AFTER)"

lint: $(VENV)/ready-for-tests
	PATH="$(CURDIR)/$(BIN):$$PATH" pre-commit run --all-files --show-diff-on-failure

docs: $(VENV)/ready
	PYTHONPATH=workflow/scripts $(BIN)/python docs/reference.py

site: $(VENV)/ready-for-tests
	docs/site.sh $(BIN)/mkdocs

pictures: $(VENV)/ready-for-tests demo
	$(BIN)/python docs/pictures.py

release-check: lint test
	$(BIN)/python tests/support/release_check.py

lock: $(VENV)/ready-for-tests
	$(BIN)/python -m pip install --quiet uv
	tests/support/lock.sh $(BIN)/uv

clean:
	rm -rf logs .snakemake .site
	find results resources -mindepth 1 -not -path results/README.md -not -path resources/README.md -delete

$(VENV)/ready: requirements.lock
	@$(PYTHON) -c 'import os, re, sys; \
	(3, 11) <= sys.version_info < (3, 14) or sys.exit("Python 3.11, 3.12 or 3.13 is needed (for later ones some packages have no wheels): make PYTHON=python3.13 demo"); \
	path = os.path.abspath("$(VENV)"); bad = re.search(r"[\s\x22\x27$$&*?\[\](){}|;<>`\\]", path); \
	bad and sys.exit(f"{path}: Snakemake starts no scripts from a path with `{bad[0]}`; move this folder, or keep the environment elsewhere: make VENV=$$HOME/tomocalc_env demo, then source $$HOME/tomocalc_env/bin/activate")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --requirement requirements.lock
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/ready-for-tests: $(VENV)/ready requirements-test.lock
	$(PIP) --requirement requirements-test.lock
	$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # the tests use nearly all; packages hold files that cannot be
	touch $@
