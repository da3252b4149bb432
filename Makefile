# The one way to do a thing. Every target makes the environment that it needs: .venv, from the locks, by hash.
#
#   make run      a graph of your cluster, or of the bundled demo, until Ctrl-C (ONCE=1: until the first answer)
#   make test     all tests, against real servers; ARGS="-k name" picks some
#   make lint     style, types, layers, generated pages, secrets in the tree, known vulnerabilities of the locks
#   make bench    measurements
#   make chaos    every fault in one storm, with a report; ARGS="--seconds 600 --seed 7"
#   make load     many clients, many clusters, an hour of changes; ARGS="churn --minutes 60"
#   make fuzz     every parser of what others write, by a coverage-guided fuzzer; ARGS="--target search --seconds 600"
#   make docs     write the generated pages anew, and the site
#   make site     the documentation as a site, in build/site; ARGS=serve shows it while you write
#   make demo     make the bundled demo anew, in a real control plane

PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev
SITE := .venv/.site
FUZZ := .venv/.fuzz
# mkdocs.yml is strict: a link or an anchor that leads nowhere fails, but not with --quiet, which drops the warnings.
# The variable hides its theme's advertisement.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.DELETE_ON_ERROR:
.PHONY: run test lint bench chaos load fuzz docs site demo clean

run: $(RUNTIME)
	$(BIN)/kgraph up $(if $(or $(ONCE),$(CI)),--once) $(ARGS)

# Where CI is set, a test that fails is asked once more, and listed (how many may be is .ci/run's to say), and the slowest
# are named.
AGAIN := $(if $(CI),--reruns 1 --rerun-show-tracebacks --durations 30)

# The servers are fetched and built first: a test's time limit must not count ten minutes of compiling.
test: $(DEV)
	$(BIN)/python -m kgraph.stack.neo4j_fetch
	$(BIN)/python -m kgraph.stack.kafka fetch
	$(BIN)/python -m kgraph.stack.redis fetch
	$(BIN)/python -m kgraph.stack.schema_registry fetch
	$(BIN)/python -m kgraph.stack.prometheus fetch
	$(BIN)/python -m kgraph.stack.otlp_receiver build
	$(BIN)/python -m kgraph.stack.helm build
	$(BIN)/python -m kgraph.stack.kubernetes build
	$(BIN)/python -m pytest $(AGAIN) $(ARGS)

lint: $(DEV) $(SITE)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.lint
	$(MKDOCS) build
	$(BIN)/python -m tests.secret_scan
	$(BIN)/python -m tests.audit

bench: $(DEV)
	$(BIN)/python -m tests.bench $(ARGS)

chaos: $(DEV)
	$(BIN)/python -m tests.chaos $(ARGS)

load: $(DEV)
	$(BIN)/python -m tests.load $(ARGS)

fuzz: $(DEV) $(FUZZ)
	$(BIN)/python -m tests.fuzz $(ARGS)

docs: $(DEV) $(SITE)
	$(BIN)/python -m kgraph.cli.reference docs/reference
	$(BIN)/python -m tests.chart
	$(MKDOCS) build

site: $(SITE)
	$(MKDOCS) $(or $(ARGS),build)

demo: $(DEV)
	$(BIN)/python demo/make.py

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "$(PYTHON) cannot make environments: apt-get install python3-venv" >&2; exit 1; }

# The package itself is installed from this folder, so that `kgraph` is a command and changes need no new install.
$(RUNTIME): requirements.lock requirements-build.lock | .venv/bin/python
	@echo "Installing what kgraph needs into .venv (once; some 200 MB, the Java runtime the most of it) …"
	$(PIP) --require-hashes -r requirements.lock -r requirements-build.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing what tests and linters need into .venv …"
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(SITE): requirements-docs.lock | .venv/bin/python
	@echo "Installing what the documentation's site needs into .venv …"
	$(PIP) --require-hashes -r requirements-docs.lock
	@touch $@

$(FUZZ): requirements-fuzz.lock | .venv/bin/python
	@echo "Installing the fuzzer into .venv …"
	$(PIP) --require-hashes -r requirements-fuzz.lock
	@touch $@
