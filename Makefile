# Two commands do all the set-up: `make demo` and `make test`. They install what they need.
.PHONY: help setup demo run test check lint bench chaos-payments lab lab-shell lock generated
.DEFAULT_GOAL := help
BIN := .venv/bin

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Install Debian packages and the virtual environment (seconds when nothing changed)
	@tools/setup

demo: setup ## A whole virtual shop: box, devices, broker, headquarters and their pages
	@$(BIN)/posedge demo $(DEMO)

run: setup ## The box itself, with config/posedge.toml
	@$(BIN)/posedge run --config config/posedge.toml

test: setup ## Every test with branch coverage
	@tools/test

lint: setup ## ruff, mypy, pyright and the import contracts
	@tools/lint

check: lint test ## What CI runs

bench: setup ## Benchmarks, each beside a peer or the physical limit of the same run
	@$(BIN)/python -m tests.bench

chaos-payments: setup ## Payments on their worst day: protocol x fault x journal step (CASES="--seed 7")
	@$(BIN)/python -m tests.chaos $(CASES)

lab: setup ## The drivers on a real kernel, the service under systemd and power cuts, in emulated machines
	@$(BIN)/python -m tests.lab $(SCENARIOS)

lab-shell: setup ## The same machine by hand: plug, pull, scan, weigh, print
	@$(BIN)/python -m tests.lab shell

lock: setup ## Pin requirements/*.txt anew from pyproject.toml
	@tools/lock

generated: setup ## Make the catalog, udev's table, the keyboards and the two contracts anew
	@tools/catalog && tools/udev && tools/layouts && $(BIN)/python tools/contracts
