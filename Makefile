# Every target builds .venv by itself when it is missing. `make` alone shows this list.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export REDSHANK_DATA ?= ../shared

.DEFAULT_GOAL := help
.PHONY: help run test lint fix bench bundle sweep docs new services clean-cache

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	@touch $@

run: .venv/installed ## Learn on the sample network with active learning, then catch attacks in an unseen capture
	$(BIN)/redshank demo -o out/demo

test: .venv/installed ## Run every test (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest -q

lint: .venv/installed ## Check style, types and the layers between folders
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/installed ## Repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed ## Measure speed beside peers; each figure is a ratio within one run
	$(BIN)/python bench/flows.py

sweep: .venv/installed ## Run detection over every capture in $REDSHANK_DATA and print one line per file
	$(BIN)/python tools/sweep.py $(REDSHANK_DATA)/pcaps

bundle: .venv/installed ## Train the default bundle anew from the embedded recording
	$(BIN)/redshank train lab --task family --model bilstm --set units=64,32,16 --set epochs=60 --set patience=8 \
		--set learning_rate=0.003 -o out/default
	rm -rf src/redshank/detect/bundles/default
	cp -r out/default/bundle src/redshank/detect/bundles/default

docs: .venv/installed ## Write the generated reference pages
	$(BIN)/python tools/reference.py

new: .venv/installed ## Stamp a new extension and its test: make new kind=model name=my_net
	$(BIN)/python tools/new.py $(kind) $(name)

services: ## Install the Debian packages that optional tests need (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto iproute2 nftables tcpdump argus-server argus-client chromium

clean-cache: ## Throw away compiled kernels and tool caches
	find src tests \( -name '*.nbi' -o -name '*.nbc' \) -delete
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
