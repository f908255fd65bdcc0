# The front door. `make` lists what it can do.
PLAN ?= $(if $(DATA),own,ml-100k)
JOBS ?= $(shell nproc)
# A profile has a number of its own for its queue.
AT_ONCE = $(if $(and $(PROFILE),$(filter file,$(origin JOBS))),,--jobs $(JOBS))
BIN := .venv/bin
export PYTHONHASHSEED := 0

.DEFAULT_GOAL := help
.PHONY: help env data book batch lab test lint bench clean verify lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Options: PLAN=ml-100k, quick, ml-1m, smoke or, for a batch, batch (now $(PLAN)); JOBS=N notebooks at once (now $(JOBS));"
	@echo "  DATA=ratings.csv, a folder or a zip: the report on ratings of your own;"
	@echo "  PROFILE=slurm or kubernetes: make book sends trainings and notebooks to a cluster (JOBS=N in its queue)"

env: ## make .venv from the lock, or do nothing if it is there
	@tools/make-env.sh

data: env ## fetch and check the ratings that the plan needs
	@$(BIN)/python -m reelbook data $(if $(DATA),"$(DATA)",--plan $(PLAN))

book: env ## run the notebooks and bind the report
	@$(BIN)/python -m reelbook build --plan $(PLAN) $(if $(DATA),--data "$(DATA)") $(if $(PROFILE),--profile $(PROFILE)) $(AT_ONCE)

batch: env ## run one notebook with every combination of parameters that PLAN lists, and compare
	@$(BIN)/python -m reelbook batch --plan $(PLAN) --jobs $(JOBS)

lab: env ## open the notebooks in JupyterLab
	@$(BIN)/python -m reelbook lab

# Three processes for two cores: a quarter of the time a test waits for what it has started.
test: env ## prove the project: unit tests, the notebooks at smoke size, the strict book
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: env ## what CI checks of the code: ruff, types, outputs in notebooks
	@tools/lint.sh

bench: env ## time what has to be fast, and print the ratios
	@missed=0; for script in tests/benchmarks/bench_*.py; do $(BIN)/python $$script || missed=1; done; exit $$missed

clean: ## remove everything generated but the environment (that is .venv)
	rm -rf build .snakemake

verify: env ## build the plan twice, apart from each other, and compare every figure
	@$(BIN)/python -m reelbook verify --plan $(PLAN) --jobs $(JOBS)

lock: ## compile requirements.txt from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --quiet --python-platform x86_64-manylinux_2_28 --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' -o requirements.txt
