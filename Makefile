# make cell   set up and run a simulated cell with a live display
# make test   set up and run the tests
# make bench  speed, as ratios within one run
# make reproduce  the papers' tables beside ours, into out/: an hour and a half; stopped, it goes on
# make soak   faults, restarts and signals without end: about an hour
# They need python3 (3.10-3.13) with venv, and nothing of ROS 2.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --progress-bar off --disable-pip-version-check
SOURCES := $(shell find mtperception embedded_ros/src launch config resource -type f \
    ! -name '*.pyc') setup.py setup.cfg package.xml README.md embedded_ros/pyproject.toml

.PHONY: cell test bench reproduce soak clean

cell: $(VENV)/.installed
	@$(BIN)/mtperception watch --launch sim.launch.py

test: $(VENV)/.test
	$(BIN)/pytest $(PYTEST_ARGS)

bench: $(VENV)/.installed
	$(BIN)/mtperception bench pin
	$(BIN)/mtperception bench grasp
	$(BIN)/mtperception bench pose
	$(BIN)/mtperception bench nodes
	$(BIN)/mtperception bench dds
	$(BIN)/mtperception bench render

reproduce: $(VENV)/.installed
	$(BIN)/mtperception reproduce pin --out out/reproduce-pin --budget paper --resume
	$(BIN)/mtperception reproduce grasp --out out/reproduce-grasp --resume

soak: $(VENV)/.test
	$(BIN)/pytest test/soak --soak

$(BIN)/pip:
	@sh tools/install_gl.sh
	$(PYTHON) -m venv $(VENV)
	@touch $(VENV)/COLCON_IGNORE

# Installed, not linked: an editable install leaves out launch files and the ROS modules.
$(VENV)/.installed: $(SOURCES) | $(BIN)/pip
	@echo "Installing into $(VENV): about 6 GB and some minutes the first time."
	@rm -rf build
	$(PIP) . ./embedded_ros
	@rm -rf build
	@touch $@

$(VENV)/.test: $(VENV)/.installed
	@sh tools/install_test_libraries.sh
	@rm -rf build
	$(PIP) '.[test]'
	@rm -rf build
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
