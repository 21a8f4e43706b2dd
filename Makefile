# One command for each kind of work; PYTHON picks the interpreter.
PYTHON ?= python3

.PHONY: setup rebuild test lint bench clean

setup:  ## install the package for work on it, with everything that tests and lint need
	$(PYTHON) -m pip install -q "setuptools>=77" "Cython>=3.1"
	$(PYTHON) -m pip install --no-build-isolation -e '.[test,lint]'

rebuild:  ## compile the kernel again, next to the sources
	$(PYTHON) setup.py -q build_ext --inplace

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy

bench:
	$(PYTHON) -m pytest bench --benchmark-enable --benchmark-only

clean:
	rm -rf build dist src/deminimis/_kernel*.so
