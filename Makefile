# Every target builds .venv by itself when it is missing. `make` alone shows this list.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
export REDSHANK_DATA ?= ../shared
# Where Python may keep no compiled files, each of the hundreds of programs that tests start compiles us anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test properties test-demo lint fix bench bench-sensor bench-live bench-lab bench-flood bench-query bench-telling bench-day bench-drift bench-service bench-capture bench-soak bench-store bench-ledger bench-console bench-logins bench-keras fuzz fuzz-console bundle sweep docs results screenshots new services clean-cache

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,dev,postgresql,console]'
	$(BIN)/python -m redshank.flows.warm
	@touch $@

run: .venv/installed ## Learn on the sample network with active learning, then catch attacks in an unseen capture
	$(BIN)/redshank demo -o out/demo

# Three processes for two cores: a third of the time of a test is waiting (a lab at real speed, a peer that hangs).
test: .venv/installed ## Run every test (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

properties: .venv/installed ## Hold properties against 300 examples each, others each time (`make test` draws 40, always the same)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --timeout 1800 -m hypothesis --hypothesis-profile "drawn anew"

test-demo: .venv/installed ## Hold the means that the README prints against all runs of the demonstration (2 minutes)
	REDSHANK_DEMO_RUNS=3 $(BIN)/python -m pytest -q tests/commands/test_demo.py

lint: .venv/installed ## Check style, types and the layers between folders
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/installed ## Repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed ## Measure the sensor beside its peers in small (1.5 M packets, three runs)
	$(BIN)/python bench/sensor.py --packets 1500000 --full-packets 150000 --rounds 3

bench-sensor: .venv/installed .venv-bench/installed ## Measure the sensor beside all its peers on 10 M packets (half an hour)
	$(BIN)/python bench/sensor.py

bench-live: .venv/installed ## Measure the sensor on a wire of its own: rate, drops, time to the first row (root)
	$(BIN)/python bench/live.py --seconds 60

bench-lab: .venv/installed ## Attack living homes of the lab while the service watches: what it finds, how soon (root, 10 minutes)
	$(BIN)/python bench/lab_service.py --seeds 101 102 103 104

bench-day: .venv/installed ## A day of homes that nobody attacks, lived faster than real time: false alerts (root, an hour and a half)
	$(BIN)/python bench/day.py --learn-hours 1

bench-drift: .venv/installed ## Compare datasets, and the homes that bench-day left, with what the bundles that ship learnt from
	$(BIN)/python bench/drift.py

bench-flood: .venv/installed ## Send five million flows in a row through the sensor: memory, time and what it gives up
	$(BIN)/python bench/flood.py

bench-service: .venv/installed ## Offer 2 to 20 thousand flows a second to the whole service for a minute each
	$(BIN)/python bench/service.py

bench-capture: .venv/installed ## Read 3 M packets with the whole service: packets a second from a capture to alerts
	$(BIN)/python bench/capture_service.py

bench-soak: .venv/installed ## Offer 10 thousand flows a second to the whole service, twice 30 minutes: memory over time
	$(BIN)/python bench/service.py --rates 10000 --seconds 1800 --settle 300 --devices 620
	$(BIN)/python bench/service.py --rates 10000 --seconds 1800 --settle 600 --devices-per-s 8 \
		--settings "$$(printf '[alerts]\nwindow_s = 60')"

bench-query: .venv/installed ## Measure a round of questions on 200 thousand candidates for each query strategy
	$(BIN)/python bench/query.py

bench-store: .venv/installed ## Measure the store: alerts recorded a second, and searches among 100 thousand
	$(BIN)/python bench/store.py

bench-ledger: .venv/installed ## Measure what a start costs with a ledger of 100 and of 600 thousand lines
	$(BIN)/python bench/ledger.py

bench-console: .venv/installed ## Measure the console's pages over 100 thousand alerts, alone and with 20 browsers
	$(BIN)/python bench/console.py

bench-logins: .venv/installed ## Guess ten thousand passwords at one account, and ten thousand from everywhere
	$(BIN)/python bench/logins.py

bench-telling: .venv/installed ## Measure how soon a service would tell of the attacks in the embedded recording, and what wrongly
	$(BIN)/python bench/telling.py

bench-keras: .venv/installed .venv-keras/installed ## Measure training beside Keras on TensorFlow at batch 32, 256 and 4096
	$(BIN)/python bench/keras_peer.py

.venv-keras/installed:
	$(PYTHON) -m venv .venv-keras
	.venv-keras/bin/pip install --quiet --disable-pip-version-check tensorflow-cpu
	@touch $@

.venv-bench/installed:
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --disable-pip-version-check nfstream dpkt scapy
	@touch $@

fuzz: .venv/installed ## Feed a million spoiled inputs to every decoder, parser and the meter, with bounds checked
	NUMBA_BOUNDSCHECK=1 $(BIN)/python tools/fuzz.py --cases 1000000 --seed 1

fuzz-console: .venv/installed ## Draw 200 requests for each operation of the console's API from its description (20 minutes)
	REDSHANK_API_CASES=200 $(BIN)/python -m pytest -q --timeout 7200 tests/console/test_openapi.py

sweep: .venv/installed ## Run detection over every capture in $REDSHANK_DATA and print one line per file
	$(BIN)/python tools/sweep.py $(REDSHANK_DATA)/pcaps

bundle: .venv/installed ## Train the bundles that ship anew from the lab's recordings and IoT-23 in $REDSHANK_DATA
	$(BIN)/redshank train lab+lab/homes+iot23/clear --protocol cross --with target=lab/unseen --task family \
		--no-compare --model extra_trees --set trees=40 --set leaves=300 --set share=0.5 --set quantiles=0 \
		-o out/default
	rm -rf src/redshank/detect/bundles/default
	cp -r out/default/bundle src/redshank/detect/bundles/default
	$(BIN)/redshank models measure default --folder src/redshank/detect/bundles
	$(BIN)/redshank learn --dataset lab+lab/homes --quarantine 0 --judge lab/unseen -o out/habits
	rm -rf src/redshank/detect/bundles/anomaly
	cp -r out/habits/bundle src/redshank/detect/bundles/anomaly

docs: .venv/installed ## Write the generated reference pages
	$(BIN)/python tools/reference.py

results: .venv/installed ## Write the pages of results; with name=mahdi-2024 from what was measured here
	$(BIN)/python tools/results.py $(name)

screenshots: .venv/installed ## Take a picture of every page of the console, light and dark, wide and narrow (chromium)
	PYTHONPATH=tests $(BIN)/python tools/screenshots.py -o out/screenshots

new: .venv/installed ## Stamp a new extension and its test: make new kind=model name=my_net
	$(BIN)/python tools/new.py $(kind) $(name)

services: ## Install the Debian packages that optional tests need (root)
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mosquitto rsyslog nginx openssl iproute2 nftables tcpdump argus-server \
		argus-client nfdump tshark softflowd tcpreplay chromium postgresql \
		systemd logrotate prometheus

clean-cache: ## Throw away compiled kernels and tool caches
	find src tests bench -path '*/__pycache__/*' \( -name '*.nbi' -o -name '*.nbc' -o -name '*.so' \) -delete
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
