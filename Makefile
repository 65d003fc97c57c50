# `make run` and `make test` are all that a new machine needs: each target installs its
# requirements on first use.

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready
ENGINE ?= docker
COMMIT := git describe --always --abbrev=40 --exclude '*' --dirty=+changes
export KEDRO_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

.PHONY: run test coverage lint api viz mlflow notebooks bench bench-scale bench-nlp \
	acceptance acceptance-live acceptance-reproduction \
	acceptance-api acceptance-image acceptance-nlp acceptance-vision presentation image site install lock clean

run: $(READY) ## the main job on the embedded sample, offline
	$(BIN)/kedro run

test: $(READY) ## all tests
	$(BIN)/pytest

coverage: $(READY) ## all tests, with branch coverage: takes 60 % more CPU time
	$(BIN)/pytest --cov --cov-report=term

lint: $(READY) ## style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Stops with a command that works if the port $(1) is taken.
require_free = $(BIN)/python -c "import socket, sys; \
	taken = lambda port: socket.socket().connect_ex(('127.0.0.1', port)) == 0; \
	free = next(port for port in range($(1), 65536) if not taken(port)); \
	sys.exit(f'Port $(1) is in use. Choose another: make $@ PORT={free}' if free > $(1) else 0)"

api: PORT ?= 8000
api: $(READY) ## API and dashboard: http://127.0.0.1:8000/docs (PORT)
	@$(call require_free,$(PORT))
	$(BIN)/python -m api --port $(PORT)

viz: PORT ?= 4141
viz: $(READY) ## pipelines in Kedro-Viz: http://127.0.0.1:4141 (PORT)
	@$(call require_free,$(PORT))
	$(BIN)/kedro viz run --port $(PORT)

mlflow: PORT ?= 5001
mlflow: $(READY) ## tracked runs: http://127.0.0.1:5001/#/experiments/1/runs?viewStateShareKey=day-ahead (PORT)
	@$(call require_free,$(PORT))
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/kedro mlflow ui --port $(PORT)

notebooks: $(READY) ## execute the notebooks on real data (TRIPTYCH_REAL_DATA)
	$(BIN)/python -m notebooks.execute
	$(BIN)/python -m presentation

bench: $(READY) ## speed and memory, written to docs/results/bench_*.json
	$(BIN)/python -m bench
	$(BIN)/python -m presentation

bench-scale: $(READY) ## ten to ten thousand cities, written to docs/results/bench_scale.json
	$(BIN)/python -W ignore -m bench.scale

bench-nlp: $(READY) ## reviews only, including 160,000 (perturbed copies with TRIPTYCH_REAL_DATA, else synthetic)
	$(BIN)/python -m bench reviews

acceptance: $(READY) ## real weather (TRIPTYCH_REAL_DATA), written to docs/results/forecast.json (HORIZON_DAYS=2: faster, not written)
	$(BIN)/pytest -n 0 -m acceptance -rs --durations=3 tests/acceptance
	$(BIN)/python -m presentation

acceptance-live: $(READY) ## live forecasts, replayed day by day (TRIPTYCH_REAL_DATA), written to docs/results/live.json
	$(BIN)/pytest -n 0 -m acceptance_live -rs -s --durations=3 tests/acceptance/test_live.py
	$(BIN)/python -m presentation

acceptance-api: $(READY) ## API: thousands of generated requests, minutes of load while a batch writes
	$(BIN)/pytest -n 0 -m acceptance -rs --durations=3 tests/api

acceptance-nlp: $(READY) ## real reviews (TRIPTYCH_REAL_DATA), written to docs/results/nlp.json
	$(BIN)/pytest -n 0 -m acceptance_nlp -rs --durations=3 tests/acceptance/test_recorded_reviews.py
	$(BIN)/python -m presentation

acceptance-vision: $(READY) ## real photos (TRIPTYCH_REAL_DATA), written to docs/results/vision.json
	$(BIN)/pytest -n 0 -m acceptance_vision -rs -s --durations=3 tests/acceptance/test_recorded_photos.py
	$(BIN)/python -m presentation

acceptance-reproduction: $(READY) ## retrain five studies of real weather and compare them bit for bit
	$(BIN)/pytest -n 0 -m acceptance_reproduction -rs tests/acceptance/test_recorded_reproduction.py

image: ## build the API's image with the commit as version (ENGINE=podman to use Podman)
	$(ENGINE) build --build-arg TRIPTYCH_VERSION=$$($(COMMIT)) --tag triptych-api .

acceptance-image: $(READY) ## test the image: built here, or named by TRIPTYCH_IMAGE
	$(BIN)/pytest -n 0 -m acceptance -rs tests/acceptance/test_image.py

site: $(READY) ## Kedro-Viz as static files, in build/
	$(BIN)/kedro viz build

presentation: $(READY) ## build the slides from results and notebooks: docs/presentation.html
	$(BIN)/python -m presentation

install: $(READY) ## only create the environment

LOCK := $(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
lock: $(BIN)/uv ## resolve the dependencies again
	$(LOCK) pyproject.toml --extra api --extra pipelines --extra networks --extra dev -o requirements/all.lock
	$(LOCK) pyproject.toml --extra api -c requirements/all.lock -o requirements/api.lock
	$(LOCK) pyproject.toml --extra pipelines -c requirements/all.lock -o requirements/batch.lock
	$(LOCK) pyproject.toml --extra dvc -c requirements/all.lock -o requirements/dvc.lock
	echo "uv~=0.13" | $(LOCK) --no-annotate - -o requirements/installer.lock

# uv installs four times as fast as pip, which takes over where it fails: uv does not read pip.conf. The locks are
# complete; --no-deps avoids errors of pip about newer releases without a hash.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
UV_INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps
$(BIN)/uv: requirements/installer.lock
	$(PYTHON) -m venv .venv
	$(PIP_INSTALL) -r requirements/installer.lock
	touch $(BIN)/uv

$(READY): $(BIN)/uv requirements/all.lock pyproject.toml
	$(UV_INSTALL) --require-hashes -r requirements/all.lock || $(PIP_INSTALL) -r requirements/all.lock
	$(UV_INSTALL) --no-build-isolation --editable .
	touch $(READY)

clean: ## remove the output of runs; the environment is kept
	git clean -qfdX data .mypy_cache .pytest_cache .ruff_cache
