# One command for each kind of work. PYTHON picks the interpreter, BENCH the benches (as pytest's -k takes it).
PYTHON ?= python3
BENCH ?= 1M-L3
AGAINST ?= HEAD~1
COMPARISONS ?= 1e9
FILES ?= 1000000
BENCHES = -m pytest bench --benchmark-enable --benchmark-only --benchmark-columns=min,median,rounds

.PHONY: help setup rebuild test test-spilled test-sanitized test-threads test-faults test-signals fuzz-answers fuzz-files fuzz-readers fuzz-guided lint bench bench-against profile instructions man wheels check clean

help:  ## say what there is
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' Makefile | expand -t 16

setup:  ## install the package in place, with all that tests, lint and benches need
	$(PYTHON) -m pip install -q "setuptools>=77" "Cython>=3.1" "pyarrow>=18"
	$(PYTHON) -m pip install --no-build-isolation -e '.[test,lint]'

rebuild:  ## compile the kernel again, next to the sources
	$(PYTHON) setup.py -q build_ext --inplace

test:  ## run the tests
	$(PYTHON) -m pytest

test-spilled:  ## run the tests with hardly any memory, so that days are released and records spilled
	DEMINIMIS_TEST_MEMORY=1B $(PYTHON) -m pytest

test-sanitized:  ## run the kernel's tests under the sanitizers of gcc and clang; takes minutes
	$(PYTHON) -m tests.trust.sanitized

test-threads:  ## calls from many threads, under ThreadSanitizer and without
	$(PYTHON) -m tests.trust.threads --seconds 120
	$(PYTHON) -m tests.trust.concurrent --seconds 600

test-faults:  ## let each allocation, read, write, fsync, rename and thread start of eight jobs fail once; takes half an hour
	$(PYTHON) -m tests.trust.faults --jobs 2

test-signals:  ## interrupt, end and kill the command at random moments
	$(PYTHON) -m tests.trust.signals --runs 2000

fuzz-answers:  ## compare COMPARISONS rows (1e9) with a second oracle
	$(PYTHON) -m tests.trust.answers --jobs 2 --comparisons $(COMPARISONS)

fuzz-files:  ## score FILES files (1000000) that were changed at random
	$(PYTHON) -m tests.trust.files --jobs 2 --files $(FILES)

fuzz-readers:  ## read FILES valid files (1000000) by the kernel and by pyarrow
	$(PYTHON) -m tests.trust.readers --jobs 2 --files $(FILES)

fuzz-guided:  ## let libFuzzer look for bytes that the kernel reads wrongly; needs clang and atheris
	$(PYTHON) -m tests.trust.guided --seconds 600

lint:  ## check style and types, and the kernel against its stub
	$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy
	$(PYTHON) -m cython_lint.cython_lint ext
	$(PYTHON) -m mypy.stubtest deminimis._kernel deminimis.kernels._cpu --allowlist .ci/stubtest-allowlist

bench:  ## time each phase of the kernel by itself
	$(PYTHON) $(BENCHES)

bench-against:  ## time this checkout and the commit AGAINST, and compare
	$(PYTHON) -m bench.commits $(AGAINST) . -k '$(BENCH)'

profile:  ## where the kernel spends its time in the benches BENCH, by perf's samples
	mkdir -p build
	perf record -q -F 5000 -o build/perf.data $(PYTHON) $(BENCHES) -k '$(BENCH)'
	perf report -i build/perf.data --stdio --sort symbol --percent-limit 0.3 2>/dev/null | grep -E '__pyx|XXH' | sed 's/ *$$//' | head -n 25

instructions:  ## how many instructions the kernel takes in the benches BENCH, by callgrind; takes minutes
	mkdir -p build
	valgrind --tool=callgrind --callgrind-out-file=build/callgrind.out $(PYTHON) -m pytest bench -k '$(BENCH)'
	callgrind_annotate --tree=none build/callgrind.out | grep -F '_kernel.' | head -n 25

man:  ## write the man page anew, from the parsers
	$(PYTHON) -m deminimis.cli.manual >docs/deminimis.1

wheels:  ## build the wheel of this machine and the source archive into dist/, check and try both; PYTHONS names more interpreters
	.ci/wheels

check:  ## all that must hold for every change, in a fresh environment
	.ci/run

clean:  ## remove what was built
	rm -rf build dist src/deminimis/kernels/*.so src/deminimis/kernels/*/
