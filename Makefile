# Two commands do all the set-up: `make demo` and `make test`.

PYTHON ?= python3
MINUTES ?= 10
SEED ?= 1
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test soak bench capacity compose-test check models train-models pages env clean

demo: $(INSTALLED)  ## prompt -> base -> refiner, and variations, on servers and miniatures of this machine: PROMPT="a red heart"
	$(BIN)/python -m infra.demo

test: $(INSTALLED)  ## everything, on real servers
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile  # they wait a good deal; each has servers of its own; a file's tests stay together

soak: $(INSTALLED)  ## a seeded campaign of faults, and the proof that nothing was lost: MINUTES=10 SEED=1
	$(BIN)/python -m infra.soak --minutes $(MINUTES) --seed $(SEED)

bench: $(INSTALLED)  ## speed, as ratios side by side in one run, written to docs/benchmarks.md
	$(BIN)/python -m infra.bench

capacity: $(INSTALLED)  ## what `latentrelay plan` predicts beside what real workers do, written into docs/capacity.md
	$(BIN)/python -m infra.capacity

check: $(INSTALLED)  ## format, lint, strict types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

models: $(INSTALLED)  ## small models with random weights, in models/small
	$(BIN)/python -m infra.models models/small

train-models: $(INSTALLED)  ## the miniatures, from nothing: hours on two cores, goes on where it was stopped; SHIP=--ship puts them into the clone
	$(BIN)/python -m infra.models.miniature out/miniatures $(SHIP)

env:  ## .env with secrets of its own, for docker-compose.yml
	infra/docker/env.sh

compose-test: $(INSTALLED)  ## docker-compose.yml really started, broken and mended, on a Docker daemon of its own; root
	$(BIN)/python -m infra.docker.trial

pages: $(INSTALLED)  ## what is generated from the code: .env.example, docs/contracts.md ...
	$(BIN)/python -m infra.pages

$(INSTALLED): constraints.txt pyproject.toml shared/pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Latent Relay needs Python 3.11 or later")'
	@echo "Installing into $(VENV)/: 1.6 GB, a minute or two ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable "shared[embedded,gateway,webhooks,tracing,stages]"
	touch $@

clean:  ## all that was made here
	rm -rf $(VENV) out models
