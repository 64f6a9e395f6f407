# Two commands for somebody who has just come: `make demo` and `make test`. Both install what they need.

GO            ?= go
ADDR          ?= 127.0.0.1:8080
FUZZTIME      ?= 10s
GOLANGCI      := v2.15.0
GOLANGCI_LINT := .work/bin/golangci-lint-$(GOLANGCI)
VERSION       := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## bin/tpk
	$(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/tpk ./cmd/tpk

.PHONY: demo
demo: build ## pack a real tree, extract it with tar, compare, serve it on ADDR until Ctrl-C
	compat/demo.sh '$(ADDR)'

.PHONY: demo-check
demo-check: build ## the same, but fetch a page from the server and stop it
	compat/demo.sh --check

.PHONY: test
test: install vet lint unit race fuzz ## everything, outside tools included (COMPAT=require: none may be missing)

.PHONY: install
install: ## the programs of others that the tests need, where apt-get may do that
	compat/install.sh

.PHONY: vet
vet:
	$(GO) vet ./...
	$(GO) vet -tags nightly ./...
	$(GO) -C compat/bench vet ./...
	GOARCH=386 $(GO) build -o /dev/null ./cmd/tpk # a number of 64 bits that is an int

.PHONY: lint
lint: $(GOLANGCI_LINT) ## golangci-lint: style, errors, who may import whom
	$(GOLANGCI_LINT) run
	cd compat/bench && ../../$(GOLANGCI_LINT) run

$(GOLANGCI_LINT):
	mkdir -p .work/bin
	GOBIN="$(CURDIR)/.work/bin" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv .work/bin/golangci-lint $@

.PHONY: unit
unit: ## all tests
	$(GO) test -timeout 40m ./...
	$(GO) -C compat/bench test ./...

.PHONY: race
race: ## the tests of our own packages with the race detector, which needs a C compiler
	@if command -v $$($(GO) env CC) >/dev/null; \
	then set -x; CGO_ENABLED=1 $(GO) test -short -race -timeout 40m ./gzmember/... ./sidecar/... ./tarpack/... ./serve/... ./cmd/...; \
	else echo "make race: no C compiler here: skipped"; [ "$$COMPAT" != require ]; fi

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME
	compat/fuzz.sh '$(FUZZTIME)'

.PHONY: nightly
nightly: install ## tests that take long or much disk
	$(GO) test -tags nightly -timeout 60m ./...

.PHONY: faults
faults: ## kill and fail every command that changes an archive at every call, and cut the power there
	FAULTS=full $(GO) test -count 1 -run TestFaults -v -timeout 60m ./compat/edit

.PHONY: bench
bench: build bench-build ## beside other programs, on real trees (BENCH=pack: one family; see docs/benchmarks)
	compat/install.sh test bench
	.work/bin/bench $(if $(filter command% environment%,$(origin VERSION)),-version '$(VERSION)') $(BENCHFLAGS) $(BENCH)

.PHONY: bench-quick
bench-quick: build bench-build ## the same on small trees, only to see that it works; the page stays as it is
	compat/install.sh test bench
	compat/bench/quick.sh $(BENCHFLAGS) $(BENCH)

.PHONY: bench-compare
bench-compare: ## results of two versions by benchstat: OLD=v0.1.0 NEW=devel
	@cd compat/bench && $(GO) tool benchstat -ignore commit,date,go,kernel -filter '/tool:(tpk OR "")' '$(OLD)=../../docs/benchmarks/results/$(OLD).txt' '$(NEW)=../../docs/benchmarks/results/$(NEW).txt'

.PHONY: bench-build
bench-build:
	$(GO) -C compat/bench build -trimpath -o ../../.work/bin/bench .

.PHONY: clean
clean: ## remove what was built and downloaded
	rm -rf bin .work
