# Everything runs from .venv, made from requirements.lock (versions and hashes).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
		|| { echo "Corpusmill needs Python 3.11 or 3.12; say which: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ./need.sh python3-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(STAMP) ## Make .venv with the locked environment

.PHONY: java
java: ## Find a Java 17+ runtime; install it through apt as root, or print the command
	@./find-java.sh --install > /dev/null

.PHONY: demo
demo: java $(STAMP) ## Install everything, mill samples/, print the funnel
	@rm -rf demo
	@JAVA_HOME="$$(./find-java.sh)" $(BIN)/corpusmill mill samples/archives --output demo

.PHONY: test
test: java $(STAMP) ## Run the whole test suite, two files at a time, each process with its own JVM
	@JAVA_HOME="$$(./find-java.sh)" $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: test-fast
test-fast: $(STAMP) ## Run what needs no JVM, in under a minute
	@$(BIN)/python -m pytest -n 2 -m "not spark and not real"

.PHONY: lint
lint: $(STAMP) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check --no-cache .
	@$(BIN)/ruff format --no-cache --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: docs
docs: $(STAMP) ## Generate docs/data-format.md and docs/rules.md from the tables
	@$(BIN)/python docs/generate.py

.PHONY: samples
samples: $(STAMP) ## Pack samples/pages into samples/archives
	@$(BIN)/python samples/pack.py

.PHONY: bench
bench: java $(STAMP) ## Measure the main job end to end, by stage
	@JAVA_HOME="$$(./find-java.sh)" $(BIN)/python benchmarks/end_to_end.py

.PHONY: fidelity
fidelity: $(STAMP) ## Compare every rule with datatrove's, and the speed (makes its environment)
	@$(BIN)/python benchmarks/fidelity.py --guide docs/fidelity.md
	@$(BIN)/python benchmarks/signals.py

.PHONY: duplicates
duplicates: java $(STAMP) ## Compare clusters with the similarity of every pair, and the kernels with other libraries
	@JAVA_HOME="$$(./find-java.sh)" $(BIN)/python benchmarks/duplicates.py
	@$(BIN)/python benchmarks/dedup_kernels.py --set europa

.PHONY: fuzz
fuzz: $(STAMP) ## Fuzz archives, HTTP, slimming, charsets and personal data (FUZZ_SECONDS=60 each)
	@$(BIN)/python fuzz/run.py --seconds $(or $(FUZZ_SECONDS),60)

.PHONY: lock
lock: $(STAMP) ## Refresh requirements.lock within pyproject's ranges
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --output-file requirements.lock pyproject.toml

.PHONY: wheel
wheel: $(STAMP) ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation

.PHONY: clean
clean: ## Delete what the other targets made
	rm -rf $(VENV) demo dist build spark-warehouse
