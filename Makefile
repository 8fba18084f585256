# Everything runs from .venv, which each target makes by itself: a fresh machine needs Python 3.11+ and make.
# Kept to what GNU make 3.81 knows (macOS ships it): no .ONESHELL, and no recipe relies on .SHELLFLAGS alone.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Tests that want the machine for themselves: they race, or measure. The others run two at a time.
ALONE := tests/races tests/torture
# Tests start hundreds of processes: where nobody keeps what Python compiled, each would compile all anew.
unexport PYTHONDONTWRITEBYTECODE
LOCKS := requirements/runtime.txt requirements/dev.txt
# Pinned, so that two people who run `make lock` get the same file.
UV := uv==0.13.8

# An environment is used as long as it was finished here (scripts hold absolute paths, so a moved tree needs a new
# one), its interpreter still runs, and nobody asks for another one with PYTHON=.
FINISHED_HERE := $(shell [ "$$(cat '$(STAMP)' 2>/dev/null)" = '$(CURDIR)' ] && '$(BIN)/python' -c 'import pip' 2>/dev/null && echo yes)
ifneq ($(origin PYTHON),file)
VERSION_OF := -c 'import sys; print(sys.version_info[:2])'
OTHER_PYTHON := $(shell [ "$$($(PYTHON) $(VERSION_OF) 2>/dev/null)" = "$$('$(BIN)/python' $(VERSION_OF) 2>/dev/null)" ] || echo yes)
endif
REMAKE := $(if $(FINISHED_HERE),$(if $(OTHER_PYTHON),remake),remake)

.PHONY: help
help: ## this list
	@echo 'usage: make TARGET [ARGS="..."] [PYTHON=python3.12]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: $(STAMP) ## make .venv from the locked dependencies (the other targets do it by themselves)

.PHONY: demo
demo: $(STAMP) ## run the demonstration; ARGS go to `lastseat demo`
	$(BIN)/lastseat demo $(ARGS)

.PHONY: bench
bench: $(STAMP) ## measure on this machine; ARGS go to `lastseat bench`
	$(BIN)/lastseat bench $(ARGS)

.PHONY: torture
torture: $(STAMP) ## kill, cut and stop everything for 20 minutes, then check the history; ARGS go to `lastseat torture`
	$(BIN)/lastseat torture --seconds 1200 $(ARGS)

.PHONY: planted
planted: $(STAMP) ## plant bugs on purpose: does the torture run catch them? ARGS are names of bugs
	$(BIN)/python -m tests.torture.hunt $(ARGS)

.PHONY: proof
proof: $(STAMP) ## the short form of the proof: a clean run, and a few planted bugs that are caught
	$(BIN)/python -m pytest tests/torture

.PHONY: test
test: check ## everything CI runs: check, then pytest; with ARGS, those go to pytest instead
ifeq ($(strip $(ARGS)),)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --ignore=tests/races --ignore=tests/torture
	$(BIN)/python -m pytest $(ALONE)
else
	$(BIN)/python -m pytest $(ARGS)
endif

.PHONY: check lint format types layers
check: lint format types layers ## ruff, mypy --strict and the layer rule
lint: $(STAMP)
	$(BIN)/ruff check
format: $(STAMP)
	$(BIN)/ruff format --check
types: $(STAMP)
	$(BIN)/mypy
layers: $(STAMP)
	$(BIN)/lint-imports

.PHONY: docs
docs: $(STAMP) ## build the documentation into build/docs, with warnings as errors
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -c docs -d build/doctrees . build/docs
	@echo 'built build/docs/index.html'

.PHONY: lock
lock: ## write requirements/*.txt anew; ARGS=--upgrade takes the newest versions
	@set -euo pipefail; \
	tool="$$(mktemp -d)"; trap 'rm -rf "$$tool"' EXIT; \
	$(PYTHON) -m venv "$$tool"; \
	"$$tool/bin/pip" install --quiet '$(UV)'; \
	compile() { \
	  env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	    "$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' $(ARGS) "$$@" pyproject.toml; \
	}; \
	compile --output-file requirements/runtime.txt; \
	compile --extra dev --constraints requirements/runtime.txt --output-file requirements/dev.txt

.PHONY: package
package: $(STAMP) ## build the wheel and the sdist into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build

# As a user would: nothing of this environment or tree, no compiler (a source distribution is refused), no PATH of ours.
.PHONY: package-check
package-check: package ## install the wheel into an empty environment, by hash, and run the demonstration there
	@set -euo pipefail; \
	home="$$(mktemp -d)"; chmod 755 "$$home"; trap 'rm -rf "$$home"' EXIT; \
	$(PYTHON) -m venv "$$home/venv"; \
	"$$home/venv/bin/pip" install --quiet --only-binary :all: --require-hashes -r requirements/runtime.txt; \
	"$$home/venv/bin/pip" install --quiet --no-deps --no-index dist/*.whl; \
	"$$home/venv/bin/pip" check; \
	cd "$$home"; \
	run() { env -i PATH="$$home/venv/bin:/usr/bin:/bin" LASTSEAT_DATA_DIR="$$home/data" lastseat "$$@"; }; \
	run --version; \
	run demo --exit; \
	run verify; \
	run db stop

.PHONY: rolling
rolling: $(STAMP) ## restart two servers in turn behind a proxy (nginx where there is one), under load: does anything fail?
	$(BIN)/python -m tests.packaging.rolling $(ARGS)

.PHONY: clean
clean: ## remove .venv and every cache
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# No network but for the locked wheels: the build backend is among them, and a source distribution, which would fetch
# build requirements that no hash covers, is refused.
.PHONY: remake
$(STAMP): $(LOCKS) pyproject.toml $(REMAKE)
	@set -euo pipefail; \
	if [ -n '$(OTHER_PYTHON)' ] || ! '$(BIN)/python' -c 'import pip' 2>/dev/null \
	    || { [ -e '$@' ] && [ "$$(cat '$@')" != '$(CURDIR)' ]; }; then \
	  command -v $(PYTHON) >/dev/null \
	    || { echo 'lastseat: no "$(PYTHON)" here; install Python 3.11 or newer, or say make PYTHON=/path/to/python3' >&2; exit 1; }; \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "lastseat: needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1); say make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	    || { echo 'lastseat: $(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }; \
	  base="$$($(PYTHON) -c 'import sys; print(sys._base_executable)')"; `# $(PYTHON) may be the very one removed here` \
	  rm -rf '$(VENV)'; \
	  echo 'lastseat: making $(VENV)' >&2; \
	  "$$base" -m venv '$(VENV)'; \
	fi
	@rm -f '$@'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@printf '%s' '$(CURDIR)' > '$@'
