# make cell   set up and run a simulated cell with a live display
# make test   set up and run the tests
# Both need python3 (3.10-3.13) with venv, and nothing of ROS 2.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
SOURCES := $(shell find mtperception embedded_ros/src launch config resource -type f \
    ! -name '*.pyc') setup.py setup.cfg package.xml README.md embedded_ros/pyproject.toml

.PHONY: cell test clean

cell: $(VENV)/.installed
	@$(BIN)/mtperception watch --launch sim.launch.py

test: $(VENV)/.test
	$(BIN)/pytest $(PYTEST_ARGS)

$(VENV)/bin/pip:
	sh tools/install_gl.sh
	$(PYTHON) -m venv $(VENV)
	@touch $(VENV)/COLCON_IGNORE

$(VENV)/.requirements: setup.py embedded_ros/pyproject.toml | $(VENV)/bin/pip
	rm -rf build
	$(BIN)/pip install --quiet --progress-bar off . ./embedded_ros
	@touch $@

# The modules themselves are installed anew at each change, without their dependencies.
$(VENV)/.installed: $(VENV)/.requirements $(SOURCES)
	rm -rf build
	$(BIN)/pip install --quiet --no-deps --force-reinstall . ./embedded_ros
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/pip install --quiet --progress-bar off '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
