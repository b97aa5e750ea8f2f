# holdfast: the few commands that a developer, a user and CI all run. Each does nothing that is already done.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
APT := apt-get install -y --no-install-recommends
# Tests start hundreds of processes: none of them is to compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

CHECKS := check-types-strictly check-types check-docs check-imports check-style

.PHONY: run setup test check $(CHECKS) docs bench bench-watch fuzz conformance soak release lock clean

run: $(VENV)/.ready ## set up, check a real example, keep and try each model of it that can be had, write report.html
	$(BIN)/holdfast secure examples/helpdesk --vault build/vault --max-size 200MB --html report.html

setup: $(VENV)/.ready-dev

# What `run` needs: the package with its C kernels, and its pinned dependencies.
$(VENV)/.ready: requirements.lock pyproject.toml hatch_build.py $(wildcard src/holdfast/*/*/*.[ch])
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# What `test` needs besides: test tools, and system packages when they are missing.
$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready tools/install-system-packages.sh tools/install-clients.sh $(wildcard tests/conformance/clients/*)
	@tools/install-system-packages.sh
	@tools/install-clients.sh
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

test: $(VENV)/.ready-dev check ## everything that CI runs, on all cores; one file: .venv/bin/python -m pytest FILE
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.ready-dev ## lint, types, import contracts, docs: two at a time, and each tells when it is done
	@$(MAKE) --no-print-directory -j2 -Otarget -k $(CHECKS)

check-types-strictly: $(VENV)/.ready-dev
	$(BIN)/basedpyright

check-types: $(VENV)/.ready-dev
	$(BIN)/mypy

check-docs: $(VENV)/.ready-dev
	$(BIN)/cog --check -r README.md docs/reference/*.md

check-imports: $(VENV)/.ready-dev
	$(BIN)/lint-imports

check-style: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

docs: $(VENV)/.ready-dev ## write the generated parts of the docs anew
	$(BIN)/cog -r README.md docs/reference/*.md
	$(BIN)/python -m tools.describe_hub

bench: $(VENV)/.ready-dev ## the comparison tables of docs/benchmarks.md (fetches pinned sources and peers)
	$(BIN)/python benchmarks/run_all.py

bench-watch: $(VENV)/.ready-dev ## a watch held to its promises in the laboratory (about an hour; the first time also trains its models)
	$(BIN)/python -m benchmarks.watch_lab make
	@missed=0; for one in "watch_lab table" watch_null watch_power watch_sittings watch_peers watch_story; do \
		$(BIN)/python -m benchmarks.$$one || missed=1; done; exit $$missed

fuzz: $(VENV)/.ready-dev ## random bytes into every parser, ten minutes
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=fuzz

conformance: $(VENV)/.ready-dev ## every client and engine against a served vault, transformers with torch among them
	@tools/install-clients.sh --all
	$(BIN)/python -m pytest tests/conformance

soak: $(VENV)/.ready-dev ## long random histories, a vault's thousands of lives, large files, servers that suffer
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=soak
	$(BIN)/python -m pytest -m soak -s
	$(BIN)/python -m benchmarks.vault_memory --gigabytes 20

release: $(VENV)/.ready-dev ## wheel and source distribution, tested as built
	rm -rf dist
	$(BIN)/python -m build --no-isolation
	tools/test-wheel.sh

lock: ## pin dependencies anew
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --extra run --extra measure pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --all-extras --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build report.html
