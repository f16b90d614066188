# `make run` and `make test` need Python 3.11+ and nothing else.
PORT ?= 8000
VAR_DIR ?= $(CURDIR)/var
PYTHON ?= python3
PY := .venv/bin/python
export PORT VAR_DIR
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test test-faults lint types migrations-check format bench screenshots docs weights messages lock wheels licences sbom audit clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Name another one: make run PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet -r requirements.txt
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.txt requirements-postgres.txt
	$(PY) -m pip install --quiet -r requirements-dev.txt
	@touch $@

run: .venv/.installed  ## start the web server and two workers, with a demo study (PORT=, VAR_DIR=)
	@$(PY) manage.py serve --port $(PORT)

# No --dist: the default keeps pytest-django's order on every worker, in which the
# tests that empty the database come last.
test: .venv/.installed-dev  ## the whole test suite, on SQLite and on PostgreSQL where it is found
	$(PY) -m pytest -n 2 -rs -m "not faults"
	$(PY) tests/with_postgres.py $(PY) -m pytest -n 2 -rs -m "not browser and not pure and not sqlite and not faults"

test-faults: .venv/.installed-dev  ## kill, fill and cut off real processes, on both databases
	$(PY) -m pytest -n 2 -rs -m faults tests/faults

lint: .venv/.installed-dev  ## ruff: lint and format check
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: .venv/.installed-dev  ## mypy, strict on the pure packages
	$(PY) -m mypy readerstudy inference stats clients/python/src/readerstudy_client

migrations-check: .venv/.installed  ## fail if a model has changed without a migration
	$(PY) manage.py makemigrations --check --dry-run

format: .venv/.installed-dev  ## let ruff format and sort
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: .venv/.installed-dev  ## measure, print ratios against a baseline of the same run, write var/bench.json
	$(PY) -m tests.bench

screenshots: .venv/.installed-dev  ## take pictures of every page into var/screenshots (needs Chromium)
	$(PY) -m tests.screenshots

docs: .venv/.installed-dev  ## the documents as a site that needs no other host, in var/site
	$(PY) -m sphinx -q -W --keep-going -c docs/site . var/site
	@echo "Open var/site/docs/index.html"

weights: .venv/.installed  ## train every shipped network on a simulated cohort, where its weights are not there
	$(PY) manage.py build_weights

messages: .venv/.installed-dev  ## collect the texts to translate, and compile the translations (needs gettext)
	$(PY) manage.py makemessages -l ja --ignore .venv --ignore var --ignore tests --no-obsolete --no-location --no-wrap
	$(PY) manage.py compilemessages -l ja -l en --ignore .venv

# The versions that production installs, each by hash. PyTorch for the processor alone is
# at its makers', not in the package index: TORCH_WHEELS is the folder its wheel lies in.
TORCH_WHEELS ?= docker/wheels
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" -
lock: .venv/.installed-dev  ## write requirements*.lock anew, for requirements*.txt (needs internet)
	grep -hv -e '^torch==' -e '^-c' requirements.txt requirements-postgres.txt | $(LOCK) -o requirements.lock
	grep -h '^torch==' requirements.txt | $(LOCK) -c requirements.lock -o requirements-cuda.lock
	sed -n 's/^torch==.*/&+cpu/p' requirements.txt | $(LOCK) -c requirements.lock --find-links $(TORCH_WHEELS) -o requirements-cpu.lock

wheels:  ## fetch what requirements*.lock name into docker/wheels, for hosts without internet (LOCKS=)
	$(PYTHON) -m pip download --no-deps --require-hashes --find-links docker/wheels --dest docker/wheels $(addprefix -r ,$(LOCKS))
LOCKS ?= requirements.lock requirements-cpu.lock

licences: .venv/.installed-dev  ## write docs/licences.md anew, for requirements*.lock
	$(PY) -m tests.supply.licences

sbom: .venv/.installed-dev  ## what each image is made of, as CycloneDX, in var/sbom
	@mkdir -p $(VAR_DIR)/sbom
	.venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o $(VAR_DIR)/sbom/web.json requirements.lock
	cat requirements.lock requirements-cpu.lock | .venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o $(VAR_DIR)/sbom/worker.json -
	cat requirements.lock requirements-cuda.lock | .venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o $(VAR_DIR)/sbom/worker-cuda.json -

audit: .venv/.installed-dev  ## known flaws of what requirements*.lock name; 2: the database could not be asked
	$(PY) -m tests.supply.audit

clean:  ## remove caches; `var/` with the studies stays
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
