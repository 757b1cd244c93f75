# Needs Python 3.11-3.13, git and make; everything else comes into .venv.
BIN := .venv/bin
READY := .venv/.ready

# A folder that was moved needs a new .venv: its programs hold the old path.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

.PHONY: help setup start test book notebooks bench lint mutants differential test-localstack lock clean

help:
	@echo 'make start            the cloud, JupyterLab and the book, until Ctrl-C'
	@echo 'make test             all tests'
	@echo 'make book             the website, into _build/html'
	@echo 'make notebooks        run all notebooks and store their outputs'
	@echo 'make bench            measure speed and memory'
	@echo 'make lint             style, types and the walls between the parts'
	@echo 'make mutants          change the engine in many places, and see whether the tests notice'
	@echo 'make differential     compare our policy evaluator with one that others wrote'
	@echo 'make test-localstack  the first lab on LocalStack'
	@echo 'make lock             choose the versions in requirements.txt anew'
	@echo 'make clean            remove what can be made again; your workspace stays'

setup: $(READY)

$(READY): requirements.txt pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh

start: setup
	@$(BIN)/python -m tools.system_packages --sandbox
	@exec $(BIN)/cicdlab start $(ARGS)

test: lint
	@$(BIN)/python -m tools.system_packages --sandbox --browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/localstack $(ARGS)

book: setup
	$(BIN)/jupyter-book build -n -W --keep-going .

notebooks: setup
	$(BIN)/python -m cicdlab.lab.notebooks $(ARGS)

bench: setup
	$(BIN)/python -m bench

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check bench cicdlab labs tests tools
	$(BIN)/mypy
	$(BIN)/cicdlab questions check
	$(BIN)/python -m pytest -q tests/test_walls.py

mutants: setup
	@$(BIN)/python -m tools.system_packages --sandbox
	$(BIN)/python -m tools.mutants $(ARGS)

differential: setup
	$(BIN)/python -m tools.differential $(ARGS)

test-localstack: setup
	$(BIN)/python -m pytest tests/localstack

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra test --no-header --no-annotate --upgrade \
		--output-file requirements.txt pyproject.toml

clean:
	rm -rf .venv .cache _build build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find cicdlab tests labs tools chapters -name __pycache__ -prune -exec rm -rf {} +
