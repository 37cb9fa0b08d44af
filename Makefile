# Every target is a name for a script in scripts/, which does the work and says what it does.
# `make install` leaves .venv; a target that needs it, an engine or images sets them up first.

.DEFAULT_GOAL := help
.PHONY: help install demo test check unit scenarios bench engine images clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## make .venv with the package and its development tools
	@PYTHON="$(PYTHON)" scripts/install

demo: install engine images ## build, deploy and change a small app: the main job, live
	@scripts/demo

test: install engine images ## run every test, those against a real Docker engine included
	@scripts/test all

check: install ## lint, format, types, layers, and the tests of the documentation
	@scripts/check

unit: install ## run the tests that need no Docker engine
	@scripts/test unit

scenarios: install engine images ## run the tests against a real Docker engine
	@scripts/test scenarios

bench: install engine images ## measure, and write benchmarks/RESULTS.md
	@scripts/bench

engine: ## find a Docker engine, or start one (as root on Debian or Ubuntu)
	@scripts/engine

images: engine ## make sure that the engine has the images that are needed
	@scripts/images

clean: ## remove what the other targets made in this folder (nothing on the engine)
	@scripts/clean
