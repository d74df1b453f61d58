# Every command of this project. `make help` prints each target with its line below.
#
# On a fresh clone `make demo` and `make test` need Rust, Python 3.11 or newer, and make. The rest comes from
# apt (through dev/system_packages, as root), crates.io and PyPI, and is kept in target/, .venv*/ and .cache/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000
VENV := .venv
BIN := $(VENV)/bin

# The extension is built in cargo's dev profile, once, for the demo and for the tests: it shares every
# dependency with `cargo test`, and nothing here measures speed. Benchmarks and wheels for users are built with --release.
PROFILE := dev
RUST_SOURCES := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock pyproject.toml

# maturin sets these for its own build. Set for plain cargo too, so that neither rebuilds pyo3 after the other.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PYO3_BUILD_EXTENSION_MODULE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# A registry that fails is asked again: by cargo itself, otherwise by dev/attempts.py.
export CARGO_NET_RETRY := 10

.PHONY: help demo demo-shared test verify lint format docs stubs-check matrix bench instructions plots compat neighbours browser wheel setup system clean

help: ## print this list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done
	@echo
	@echo '  PORT=8000 and HOST=0.0.0.0 move the demo; DEMO_URL=redis://localhost:6379/0 puts its sessions on Redis.'

demo: setup ## serve the demo site on http://127.0.0.1:5000, sessions in files (DEMO_URL=redis://... for Redis)
	$(BIN)/flask --app examples/flask_app/app.py run --host $(HOST) --port $(PORT)

demo-shared: setup ## serve one site from Flask and axum, on the same sessions, on http://127.0.0.1:5000
	$(BIN)/python examples/shared/run.py --port $(PORT)

test: setup system ## run every check and test against real servers; the last line is the sum
	$(BIN)/python dev/run_tests.py

verify: setup system ## run the long checks: every schedule, histories, killed processes, wrong protocols, faults, 0.8.0 beside us, fuzzers, every server, packages
	$(BIN)/python dev/verify.py

lint: setup ## only the static checks: formatting, clippy, rustdoc, licences, ruff, mypy, stubtest, architecture
	$(BIN)/python dev/run_tests.py rust-format rust-lint rust-features rust-docs dependencies python-format python-lint python-types python-stubs architecture

format: $(VENV)/.tools ## rewrite all Rust and Python files in the project's format
	cargo fmt --all
	cargo fmt --manifest-path benches/rust/Cargo.toml
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

docs: setup ## write docs/settings.md anew from the settings in the code
	$(BIN)/python dev/make_settings_page.py

stubs-check: setup ## compare flask_session/_core.pyi with the built extension
	$(BIN)/python dev/run_tests.py python-stubs

matrix: setup system ## run the Python tests on each row of versions in pyproject.toml, and 500 random scripts on us and on 0.8.0
	$(BIN)/python dev/matrix.py
	$(BIN)/python dev/run_tests.py differential

bench: setup system ## measure 0.8.0 and us, taking turns, for docs/performance.md (QUICK=1: five minutes; ONLY="redis files-1")
	@command -v wrk >/dev/null || dev/system_packages wrk
	$(BIN)/python benches/run.py $(if $(QUICK),--quick) $(if $(AGAIN),--again) $(ONLY) $(AGAIN)

instructions: setup ## count the instructions of opening and committing, to compare two commits
	@command -v valgrind >/dev/null || dev/system_packages valgrind libc6-dbg
	$(BIN)/python benches/instructions.py

plots: setup ## write docs/performance.md and its pictures anew from benches/results
	$(BIN)/python benches/drawing.py

compat: setup system ## run the same script on original Flask-Session releases and on this one
	$(BIN)/python dev/run_tests.py compat

neighbours: setup system ## run Flask-Login, Flask-SocketIO, Authlib and others on us and on the original
	$(BIN)/python dev/run_tests.py neighbours

browser: setup system ## run the demo in a real Chromium
	$(BIN)/python dev/run_tests.py browser

wheel: $(VENV)/.tools ## build a wheel for users, into target/wheels
	$(BIN)/maturin build --release --quiet

setup: $(VENV)/.extension ## make the virtual environment and build the extension into it

system: $(VENV)/.tools ## install the servers and the browser that the tests need, with apt if we are root
	@dev/system_packages
	@dev/servers/dynamodb --install
	@dev/servers/mongodb --install

clean: ## remove everything that was built or downloaded
	rm -rf target .venv* .cache .mypy_cache .pytest_cache .ruff_cache python/flask_session/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.tools: dev/requirements.txt
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || dev/system_packages python3-venv
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PYTHON) dev/attempts.py $(BIN)/pip install --quiet --requirement dev/requirements.txt
	touch $@

$(VENV)/.extension: $(VENV)/.tools $(RUST_SOURCES)
	$(BIN)/maturin develop --quiet --profile $(PROFILE)
	touch $@
