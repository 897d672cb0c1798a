# What a user runs. The two virtual environments are made when they are needed.
.DEFAULT_GOAL := help
# Both environments install this tree, which cannot be done twice at a time.
.NOTPARALLEL:

ROBOT := .venv/robot
CONVERTER := .venv/converter
DEMO := build/demo

# Without a sourced ROS distribution, ROS is the one in the robot's environment.
export AMENT_PREFIX_PATH ?= $(CURDIR)/$(ROBOT)
export PYTHONUNBUFFERED := 1

# Each of these is in a folder that is put in place whole. Make would delete the one file when it
# is interrupted, and leave a folder that is none.
.PRECIOUS: $(DEMO)/saved_model/saved_model.pb $(DEMO)/heldout/annotations.json \
	$(DEMO)/calibration/annotations.json $(DEMO)/shapes/model.json

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

.PHONY: demo
demo: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## train, convert, and detect on a ROS 2 topic
	$(ROBOT)/bin/python -m examples.shapes.demo --bundle $(DEMO)/shapes --output $(DEMO)/pictures

.PHONY: test
test: $(ROBOT)/.ready $(CONVERTER)/.ready ## run all tests
	@failed=0; \
	$(ROBOT)/bin/python -m pytest test --ignore test/converter -n 2 --dist loadfile || failed=$$?; \
	[ $$failed -eq 2 ] || $(CONVERTER)/bin/python -m pytest test/converter -n 2 --dist loadfile || failed=$$?; \
	exit $$failed

.PHONY: bench
bench: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## measure preprocessing, the node, several cameras, memory (6 minutes)
	$(ROBOT)/bin/python -m benchmarks --bundle $(DEMO)/shapes

.PHONY: soak
soak: $(ROBOT)/.ready $(DEMO)/shapes/model.json ## run the node for MINUTES (5), see that its memory stays flat
	$(ROBOT)/bin/python -m benchmarks.soak --bundle $(or $(BUNDLE),$(DEMO)/shapes) --minutes $(or $(MINUTES),5)

.PHONY: bench-export
bench-export: $(CONVERTER)/.ready ## measure time and memory of exporting large models (3 minutes)
	$(CONVERTER)/bin/python -m benchmarks.export

.PHONY: bench-gpu
bench-gpu: $(ROBOT)/.ready ## measure a TensorRT engine of BUNDLE on this GPU (a minute)
	$(ROBOT)/bin/python -m benchmarks.gpu --bundle $(or $(BUNDLE),$(DEMO)/shapes) --node

.PHONY: lint
lint: $(CONVERTER)/.ready $(ROBOT)/.ready ## ruff and mypy
	$(CONVERTER)/bin/python -m pip install --quiet ruff mypy
	$(CONVERTER)/bin/ruff check .
	$(CONVERTER)/bin/mypy --python-executable $(ROBOT)/bin/python trt_inference examples benchmarks
	$(CONVERTER)/bin/mypy converter benchmarks/export.py

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

# Other pictures than those that the precisions are measured on.
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

$(ROBOT)/.ready: setup.py setup.cfg scripts/environment.sh \
		$(wildcard interfaces/*.py interfaces/*.txt interfaces/vision_msgs/* interfaces/vision_msgs/msg/*)
	@scripts/environment.sh robot

$(CONVERTER)/.ready: setup.py setup.cfg scripts/environment.sh
	@scripts/environment.sh converter
