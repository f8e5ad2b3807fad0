# `make demo` and `make test` do everything on a fresh machine; the rest are parts of them.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip
RUNTIME := .setup/runtime
DEVELOP := .setup/develop
SYSTEM := .setup/system
PEERS := pyx12 x12sdk openx12 oxedi node_x12
RIVALS := procrastinate dbos
WORKERS ?= 2
SOAK_SECONDS ?= 1800

.PHONY: help setup develop demo test check audit sbom corpus recall api-fuzz api-timing fuzz peers bench bench-page bench-memory bench-gateway bench-real-time faults faults-page faults-virtual soak serve format lock schemas clean

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort

setup: $(RUNTIME)  ## The virtual environment .venv with claimwire in it

develop: $(DEVELOP)  ## .venv with what the tests need as well

$(BIN)/uv:
	@scripts/make_venv.sh "$(PYTHON)"

$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/uv
	$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) install --quiet --python $(BIN)/python --no-deps -e .
	@mkdir -p .setup && touch $@

$(DEVELOP): requirements-dev.lock $(RUNTIME)
	$(UV) install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@mkdir -p .setup && touch $@

$(SYSTEM): scripts/install_system_packages.sh
	@scripts/install_system_packages.sh
	@mkdir -p .setup && touch $@

demo: $(RUNTIME)  ## The first journey on this machine; KEEP=1 leaves the server up
	$(BIN)/claimwire demo $(if $(KEEP),--keep)

test: $(DEVELOP) $(SYSTEM)  ## Every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: $(DEVELOP) audit sbom  ## Format, lint, types, habits that make code unsafe, known vulnerabilities, bill of materials
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r edi adapters gateway schemas scripts

audit: $(DEVELOP)  ## The lock files compared with known vulnerabilities, where the package index can be asked
	$(BIN)/python -m scripts.audit requirements.lock requirements-postgres.lock requirements-dev.lock

sbom: $(DEVELOP)  ## The software bill of materials (CycloneDX) of what runs: dist/claimwire.cdx.json
	@mkdir -p dist
	$(BIN)/python -m scripts.bill_of_materials dist/claimwire.cdx.json

corpus: $(DEVELOP)  ## Our verdict on every file of the shared corpus, beside its makers' and pyx12's
	$(BIN)/python -m tests.corpus

recall: $(DEVELOP)  ## Claims broken one way each, and clean ones: what is found, what is wrongly blamed
	$(BIN)/python -m tests.recall

api-fuzz: $(DEVELOP)  ## Every operation of the API asked API_EXAMPLES (2000) times at random, another seed each time
	API_EXAMPLES=$${API_EXAMPLES:-2000} API_SEED=$${API_SEED:-$$(date +%s)} \
	  $(BIN)/python -m pytest -n $(WORKERS) --dist load -x tests/integration/test_api_conformance.py $(ARGS)

api-timing: $(DEVELOP)  ## Whether a wrong key shows in the time of its answer
	$(BIN)/python -m tests.timing

fuzz: $(DEVELOP)  ## Mutated files and claims through the engine for FUZZ_SECONDS (600)
	$(BIN)/python -m tests.fuzz

peers: $(PEERS:%=.setup/peers/%.done)  ## The libraries that the benchmark compares with, each in its own environment

.setup/peers/%.done: tests/bench/peers/%/*lock* scripts/install_peer.sh | $(BIN)/uv
	@scripts/install_peer.sh $* .setup/peers/$* $(abspath $(BIN)/uv) $(abspath $(BIN)/python)
	@touch $@

bench: $(DEVELOP) peers  ## Speed and memory beside peers, in one run
	$(BIN)/python -m tests.bench $(ARGS)

bench-page: $(DEVELOP) peers  ## The same, put into docs/reference/speed.md
	$(BIN)/python -m tests.bench --page docs/reference/speed.md $(ARGS)

bench-memory: $(DEVELOP)  ## Memory and verdict of streams of a gigabyte, made as they are read
	$(BIN)/python -m tests.bench.memory $(ARGS)

bench-gateway: $(DEVELOP) $(SYSTEM) $(RIVALS:%=.setup/peers/%.done)  ## The gateway beside the ceilings of this machine and beside peers
	$(BIN)/python -m tests.bench.gateway $(ARGS)

bench-real-time: $(DEVELOP)  ## Eligibility through a gateway to a payer by CORE SOAP, and a thousand clients at once
	$(BIN)/python -m tests.bench.real_time $(ARGS)

faults: $(DEVELOP) $(SYSTEM)  ## Real faults against a real gateway under load, judged by one checker (ARGS="--only 5,13")
	@scripts/install_fault_tools.sh
	$(BIN)/python -m tests.faults $(ARGS)

faults-page: $(DEVELOP) $(SYSTEM)  ## The same, put into docs/reference/faults.md
	@scripts/install_fault_tools.sh
	$(BIN)/python -m tests.faults --page docs/reference/faults.md $(ARGS)

faults-virtual: $(DEVELOP)  ## Each single call of the virtual pipeline fails in turn, at the lowest priority
	nice -n 19 $(BIN)/python -m tests.faults.virtual --seeds 0 $(ARGS)

soak: $(DEVELOP) $(SYSTEM)  ## SOAK_SECONDS (1800) of steady load: memory and file handles stay flat
	$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS) $(ARGS)

serve: $(RUNTIME)  ## The gateway on 127.0.0.1:8437
	$(BIN)/claimwire serve

format: $(DEVELOP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: $(DEVELOP)  ## Regenerate schemas/json and the generated docs
	$(BIN)/python -m scripts.generate

lock: | $(BIN)/uv  ## Renew the lock files
	$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgres --extra bulk --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
	$(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgres pyproject.toml -c requirements.lock -o requirements-postgres.lock
	for peer in $(wildcard tests/bench/peers/*/requirements.in); do \
	  $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $$peer -o $${peer%.in}.lock || exit 1; done
	cd tests/bench/peers/node_x12 && npm install --silent --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts

clean:
	rm -rf .venv .setup dist build
