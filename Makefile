# Each target sets up .venv by itself; once that is done a call starts at once.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# two workers with one thread each: more threads than cores only get in each other's way
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.PHONY: demo test lint bench clean

demo: $(VENV)/demo.stamp
	$(BIN)/hypersigma demo --output demo-output --overwrite

test: lint
	$(ONE_THREAD) timeout 40m $(BIN)/pytest -n 2 --dist worksteal --durations 10 --cov --cov-fail-under 95

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src/hypersigma
	$(BIN)/lint-imports --no-logo
	$(BIN)/pylint --score=n --disable=all --enable=duplicate-code src/hypersigma

bench: $(VENV)/dev.stamp
	$(ONE_THREAD) $(BIN)/hypersigma benchmark indian_pines --jobs 2 --json-file benchmarks/results/indian_pines.jsonl
	$(ONE_THREAD) $(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV) demo-output

# torch first: a package that asks for "any torch" must find the pinned build already there
$(VENV)/torch.stamp: constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "hypersigma needs Python 3.11 or newer, found '$$($(PYTHON) --version 2>&1)';"; \
	  echo "install one (Debian, Ubuntu: apt install python3) or name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) torch
	@touch $@

$(VENV)/demo.stamp: $(VENV)/torch.stamp pyproject.toml
	$(PIP) -e '.[demo]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/torch.stamp pyproject.toml
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/demo.stamp
