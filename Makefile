# make demo | test | test-slow | lint: each sets up what it needs in .venv.
PYTHON ?= python3
VENV := .venv
PIP := $(PYTHON) -m pip --python $(VENV)/bin/python
# The variable, unlike the option, also reaches the build of this package itself.
INSTALL := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(PIP) install --quiet --disable-pip-version-check
RUN := $(VENV)/bin/python -m

.PHONY: help demo test test-slow lint clean

help:
	@echo "make demo       train PEPITA and BP on digits: a table and a plot"
	@echo "make test       run the tests"
	@echo "make test-slow  run the tests that take minutes"
	@echo "make lint       check style and format"
	@echo "make clean      remove .venv"

demo: $(VENV)/.installed
	$(RUN) experiments.demo

test: $(VENV)/.installed-test
	$(RUN) pytest -n 2 --dist loadscope -m "not slow"

test-slow: $(VENV)/.installed-test
	$(RUN) pytest -n 2 -m slow

lint: $(VENV)/.installed-test
	$(RUN) ruff check .
	$(RUN) ruff format --check .

clean:
	rm -rf $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV) (a minute or two)"
	$(INSTALL) pip --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV) (a minute or two)"
	$(INSTALL) pip --editable '.[test]'
	@touch $@ $(VENV)/.installed

# pip --python needs no pip inside: some systems ship venv without it.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; set PYTHON=..., for example PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv --without-pip $(VENV)
