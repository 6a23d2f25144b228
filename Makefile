# `make help` lists the targets. Each installs what it needs into .venv, or into VENV=... if given.
PYTHON ?= python3
VENV := .venv
PIP := $(PYTHON) -m pip --python $(VENV)/bin/python
# JAX from 0.11 on needs Python 3.12: the environment's own Python decides.
AGE = $(shell $(VENV)/bin/python -c 'import sys; print("oldest" if sys.version_info < (3, 12) else "newest")')
NEEDS := pyproject.toml constraints-oldest.txt constraints-newest.txt
# The variable, unlike the option, also reaches the build of this package itself.
CONSTRAIN = PIP_CONSTRAINT=$(CURDIR)/constraints-$(AGE).txt
INSTALL = $(CONSTRAIN) $(PIP) install --quiet --disable-pip-version-check
RUN := $(VENV)/bin/python -m

.PHONY: help demo docs test test-slow test-accelerators compile-accelerators lint package clean

help:
	@echo "make demo                  train PEPITA and BP on digits: a table and a plot"
	@echo "make test                  run the tests"
	@echo "make docs                  build the documentation site: build/docs/index.html"
	@echo "make test-slow             run the tests that take minutes"
	@echo "make test-accelerators     compile every rule for a TPU, without one (Python 3.12 or newer)"
	@echo "make compile-accelerators  the same in the environment of VENV"
	@echo "make lint                  check style, format and types"
	@echo "make package               build and check a wheel and a source distribution: dist/"
	@echo "make clean                 remove $(VENV) and the environments beside it"
	@echo "make help                  show this list"
	@echo "With PYTHON=python3.13 VENV=.venv-3.13: another Python, in an environment of its own."

demo: $(VENV)/.installed
	$(RUN) experiments.demo

# A warning is an error: of a broken link, a missing name, a notebook that fails.
docs: $(VENV)/.installed-docs
	$(RUN) sphinx -W --keep-going -q -d build/doctrees docs build/docs
	@echo "The site: build/docs/index.html"

test: $(VENV)/.installed-test
	$(RUN) pytest -n 2 --dist loadscope -m "not slow and not accelerators"

test-slow: $(VENV)/.installed-test
	$(RUN) pytest -n 2 -m "slow and not accelerators"

test-accelerators:
	@$(MAKE) --no-print-directory compile-accelerators VENV=.venv-accelerators

compile-accelerators: $(VENV)/.installed-tpu
	$(RUN) pytest -n 2 --dist loadgroup -m "accelerators and not slow" tests/accelerators

lint: $(VENV)/.installed-test
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) ty check --python $(VENV)

# The wheel is tried in an environment that has nothing else, from another folder.
package: $(VENV)-package/.installed
	rm -rf dist
	$(CONSTRAIN) $(VENV)-package/bin/python -m build
	$(VENV)-package/bin/python -m twine check --strict dist/*
	$(VENV)/bin/python -m venv --clear --without-pip $(VENV)-wheel
	@echo "installing the wheel into $(VENV)-wheel (a minute or two)"
	$(CONSTRAIN) $(PYTHON) -m pip --disable-pip-version-check --python $(VENV)-wheel/bin/python \
	  install --quiet dist/*.whl
	cd / && $(abspath $(VENV))-wheel/bin/python -I $(CURDIR)/tests/try_wheel.py

clean:
	rm -rf $(VENV) $(VENV)-package $(VENV)-wheel .venv-newest .venv-accelerators

$(VENV)/.installed: $(NEEDS) | $(VENV)/bin/python
	@echo "installing into $(VENV) (a minute or two)"
	$(INSTALL) pip --editable .
	@touch $@

$(VENV)/.installed-test: $(NEEDS) | $(VENV)/bin/python
	@echo "installing into $(VENV) (a minute or two)"
	$(INSTALL) pip --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: $(NEEDS) | $(VENV)/bin/python
	@echo "installing into $(VENV) (a minute or two)"
	$(INSTALL) pip --editable '.[docs]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-tpu: $(VENV)/.installed-test
	$(INSTALL) --editable '.[tpu]'
	@touch $@

# What these need is left to pip: an index checks with the newest, too.
$(VENV)-package/.installed: Makefile | $(VENV)/bin/python
	$(VENV)/bin/python -m venv --clear --without-pip $(VENV)-package
	$(PYTHON) -m pip --disable-pip-version-check --python $(VENV)-package/bin/python \
	  install --quiet pip build==1.6.1 twine==7.0.0
	@touch $@

# pip --python needs no pip inside: some systems ship venv without it.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=..., for example PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv --without-pip $(VENV)
