# The front door: names for the scripts in scripts/, which hold the bodies and run just as well on their own.
.DEFAULT_GOAL := help
.PHONY: help run test check fmt bench bench-peers hooks

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build the release binary and start it on the embedded default, data in ./data
	@scripts/run

test: ## the whole check: format, lints, Rust tests, SDK tests
	@scripts/test

check: ## what can be known without running anything, in seconds when warm
	@scripts/check

fmt: ## format the Rust sources
	@cargo fmt

bench: ## measure functions, then the running binary under load
	@scripts/bench

bench-peers: ## measure beside LiteLLM, Portkey and Phoenix, installed at pinned versions
	@scripts/bench-peers

hooks: ## have git run the quick checks before each commit
	@git config core.hooksPath .githooks
