# Needs Python 3.11 to 3.13, make, and the package registries for the first installation. Nothing else.
.DEFAULT_GOAL := help
.PHONY: help demo test chaos test-vllm test-gnuhealth lint assets setup browser format lock wheel screenshots clean \
	bench bench-gateway bench-kiosks bench-routers

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && command -v $$p && break; done)
BIN := .venv/bin
UV := UV_PROJECT_ENVIRONMENT=.venv UV_PYTHON_DOWNLOADS=never $(BIN)/uv
NPM_CI := npm_config_engine_strict=false npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
WEB := hospital_hub/web
FHIR := hospital_hub/embedded/fhir_server
VALIDATORS := tests/integrations/fhir/peers
VLLM := .venv-vllm
PEERS := .venv-gateway-peers
GNUHEALTH := .venv-gnuhealth
HEALTHCHAIN := .venv-healthchain
HEALTHCHAIN_LOCK := --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	tests/healthchain/requirements.in
VLLM_PINS := $(addprefix tests/vllm/,requirements.in overrides.txt constraints.txt)
# Wheels that this machine keeps for pip serve uv too.
UV_VLLM = UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" $(UV) pip
ASSETS := $(WEB)/static/vendor/manifest.json $(FHIR)/dist/server.mjs
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport VIRTUAL_ENV

help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup assets ## start a whole hospital hub on this machine (data in DATA, default ~/.local/share/hospital-hub)
	@$(BIN)/hospital-hub demo $(if $(DATA),--data $(DATA))

test: lint browser $(VALIDATORS)/node_modules/.synced $(HEALTHCHAIN)/.synced ## everything that must hold: lint, unit, real servers, a real browser, the three journeys
	@$(BIN)/pytest tests --ignore=tests/benchmarks --ignore=tests/chaos -n 2 $(ARGS)
	@$(BIN)/pytest tests/chaos $(ARGS) # alone: it watches clocks

test-vllm: $(VLLM)/.synced ## what the hub relies on of vLLM, put to a real one (Linux on x86-64, no GPU; downloads once)
	@$(BIN)/pytest tests/vllm --vllm-python=$(VLLM)/bin/python $(ARGS)

test-gnuhealth: $(GNUHEALTH)/.synced ## a patient, an urgency and a note, to a real GNU Health and back (downloads once)
	@$(BIN)/pytest tests/gnuhealth --gnuhealth-python=$(GNUHEALTH)/bin/python $(ARGS)

# HealthChain pins another release of fhir.resources than the hub: an environment of its own, 75 MB, a few seconds.
$(HEALTHCHAIN)/.synced: .venv/.synced tests/healthchain/requirements.txt
	@$(UV) venv --clear --quiet --python $(BIN)/python $(HEALTHCHAIN)
	@$(UV) pip install --quiet --no-config --require-hashes --python $(HEALTHCHAIN)/bin/python \
		-r tests/healthchain/requirements.txt
	@touch $@

lint: setup assets ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

chaos: setup assets ## every fault of the model servers, under several seeds, and kill -9 of each part
	@$(BIN)/pytest tests/chaos tests/hospital_hub/clinical/test_metamorphic.py \
		tests/hospital_hub/web/test_page_streams.py tests/hospital_hub/notes/test_histories.py \
		tests/hospital_hub/notes/test_ai_resources.py tests/hospital_hub/notes/test_random_ward.py --chaos-seeds 3 $(ARGS)

bench: setup assets ## measure (pytest-benchmark); never part of `make test`
	@$(BIN)/pytest tests/benchmarks --benchmark-only $(ARGS)

bench-gateway: $(PEERS)/.synced ## the gateway beside litellm and vllm-router (BENCH, ../shared/bench/gateway), then 500 streams
	@$(BIN)/python -m tests.benchmarks.gateway.side_by_side $(if $(BENCH),--bench $(BENCH)) $(ARGS)
	@$(BIN)/python -m tests.benchmarks.gateway.streams $(if $(BENCH),--bench $(BENCH))

bench-kiosks: setup assets ## 200 people at as many kiosks before one hub: errors, times, memory
	@$(BIN)/python -m tests.benchmarks.kiosks $(ARGS)

$(PEERS)/.synced: .venv/.synced tests/benchmarks/gateway/peers.txt
	@$(UV) venv --clear --quiet --python $(BIN)/python $(PEERS)
	@$(UV) pip install --quiet --no-config --require-hashes --python $(PEERS)/bin/python \
		-r tests/benchmarks/gateway/peers.txt
	@touch $@

bench-routers: setup ## this router beside litellm's, on the same questions (environment of its own in .bench/)
	@$(BIN)/python -m tests.benchmarks.peers.routers

screenshots: setup assets browser ## the pictures of the README, from a running demonstration in a real browser
	@$(BIN)/python -m tests.browser.screenshots

assets: setup $(ASSETS) ## the files for the browser and the demonstration FHIR server

setup: .venv/.synced

.venv/.synced: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: install one, or name it with PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV) sync --frozen --inexact --quiet --python $(BIN)/python --extra embedded --extra otel --extra dev
	@touch $@

$(VLLM)/.synced: .venv/.synced $(VLLM_PINS)
	@echo "installing vLLM for the CPU into $(VLLM)"
	@$(UV) venv --clear --quiet --python $(BIN)/python $(VLLM)
	@$(UV_VLLM) install --quiet --no-config --compile-bytecode --python $(VLLM)/bin/python -r tests/vllm/requirements.in \
		-c tests/vllm/constraints.txt --override tests/vllm/overrides.txt
	@touch $@

$(GNUHEALTH)/.synced: .venv/.synced tests/gnuhealth/requirements.txt
	@echo "installing GNU Health into $(GNUHEALTH)"
	@$(UV) venv --clear --quiet --python $(BIN)/python $(GNUHEALTH)
	@$(UV) pip install --quiet --no-config --no-deps --require-hashes --compile-bytecode \
		--python $(GNUHEALTH)/bin/python -r tests/gnuhealth/requirements.txt
	@touch $@

$(WEB)/static/vendor/manifest.json: .venv/.synced $(WEB)/assets/package-lock.json $(WEB)/assets/build.mjs
	@echo "building the files for the browser"
	@cd $(WEB)/assets && $(NPM_CI) && node build.mjs
	@touch $@

$(FHIR)/dist/server.mjs: .venv/.synced $(FHIR)/package-lock.json $(wildcard $(FHIR)/*.mjs)
	@echo "building the demonstration FHIR server"
	@cd $(FHIR) && $(NPM_CI) && node build.mjs
	@touch $@

$(VALIDATORS)/node_modules/.synced: .venv/.synced $(VALIDATORS)/package-lock.json
	@cd $(VALIDATORS) && $(NPM_CI)
	@touch $@

browser: setup ## find Chromium, or install Debian's package where that is allowed
	@$(BIN)/python -m tests.browser.chromium

wheel: setup assets ## build the wheel and the source distribution into dist/
	@$(UV) build --quiet

format: setup ## put the code into its form
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

lock: setup ## renew uv.lock and the pins of the tests' vLLM, GNU Health and HealthChain
	@$(UV) lock --upgrade
	@$(UV_VLLM) compile --quiet --no-config --upgrade --python-platform x86_64-manylinux_2_28 --no-annotate --no-header \
		--no-emit-find-links --override tests/vllm/overrides.txt tests/vllm/requirements.in \
		| sed '1i # What tests/vllm/requirements.in resolves to; renewed by `make lock`.' \
		| sed 's/+cpu$$//' > tests/vllm/constraints.new && mv tests/vllm/constraints.new tests/vllm/constraints.txt
	@$(UV) pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --override tests/gnuhealth/overrides.txt tests/gnuhealth/requirements.in \
		| sed '1i # What tests/gnuhealth/requirements.in resolves to; renewed by `make lock`.' \
		> tests/gnuhealth/requirements.new && mv tests/gnuhealth/requirements.new tests/gnuhealth/requirements.txt
	@$(UV) pip compile $(HEALTHCHAIN_LOCK) --upgrade -o tests/healthchain/requirements.txt

clean: ## remove what was built; keeps the demonstration's data
	@rm -rf .venv .bench $(VLLM) $(PEERS) $(GNUHEALTH) $(HEALTHCHAIN) dist .pytest_cache .mypy_cache .ruff_cache \
		.import_linter_cache .hypothesis $(WEB)/static/vendor $(WEB)/assets/node_modules $(FHIR)/dist \
		$(FHIR)/node_modules $(VALIDATORS)/node_modules
