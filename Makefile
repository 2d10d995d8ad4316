# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that this file downloads or makes goes below .cache/; the work is done by tests/make/, in Python alone.

PYTHON ?= python3
# -E and -S: neither the user's PYTHONPATH nor installed packages can change what runs.
MAKE_PY = $(PYTHON) -ES -m tests.make
TARGETS = setup test units real sanity lint typing docs galaxy molecule tools checks changelog fix conformance bench proof demo demo-up demo-down picture picture-report

.DEFAULT_GOAL := help
.PHONY: help clean $(TARGETS)

help: ## this list
	@sed -n 's/^\([a-z-]*\): ## /\1: /p' $(firstword $(MAKEFILE_LIST)) | awk '{ name = $$1; sub(/^[^:]*: /, ""); sub(/:$$/, "", name); printf "make %-14s %s\n", name, $$0 }'

setup: ## build the environments below .cache/ (every target does it when needed)
test: ## the whole gate: everything below, on every ansible-core that this machine's Pythons run
units: ## tests of pure logic, seconds
real: ## suites against real servers: OpenBao, PostgreSQL, moto, and faithful stand-ins
conformance: ## ask every issuer and store the same questions, and print the table
sanity: ## ansible-test sanity on every ansible-core
lint: ## ruff, yamllint, ansible-lint's production profile
typing: ## mypy
docs: ## the plugins' documentation and the changelog
galaxy: ## build the archive and check it as Galaxy would
molecule: ## the roles' scenarios
tools: ## what promtool and Chromium say of what we write for them
checks: ## forbidden words, licence headers, requirement lists, layers
fix: ## let ruff mend what it can, in place
changelog: ## write the release's changelog from its fragments and today's plugins
proof: ## try to break every promise at every point, write docs/proof.md (half an hour)
bench: ## measure against other ways of doing it
demo: ## a whole rotation on real servers, start to end
demo-up: ## start the demo's servers and leave them running
demo-down: ## stop them
picture: ## draw the picture of the README anew
picture-report: ## draw the pictures of docs/status.md anew

$(TARGETS):
	@$(MAKE_PY) $@ $(ARGS)

clean: ## remove .cache/ and everything in it
	@rm -rf .cache
