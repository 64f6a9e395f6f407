# Two commands for newcomers: `make demo` and `make test`. Both install what they need.

GO            ?= go
ADDR          ?= 127.0.0.1:8080
FUZZTIME      ?= 10s
GOLANGCI      := v2.15.0
GOLANGCI_LINT := .work/bin/golangci-lint-$(GOLANGCI)
VERSION       := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## bin/tpk
	$(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/tpk ./cmd/tpk

.PHONY: minimal
minimal: ## bin/tpk-minimal: what internal/edition leaves of tpk, stripped, at most 15 MB
	CGO_ENABLED=0 $(GO) build -trimpath -tags minimal -ldflags '-s -w -funcalign=16 -X main.version=$(VERSION)' -o bin/tpk-minimal ./cmd/tpk
	test $$(wc -c < bin/tpk-minimal) -le 15000000

.PHONY: man
man: ## .work/man: the manual pages, from the texts of help
	rm -rf .work/man
	$(GO) run -ldflags '-X main.version=$(VERSION)' ./cmd/tpk __man .work/man

.PHONY: demo
demo: build ## pack a real tree, extract it with tar, compare, serve it on ADDR until Ctrl-C
	compat/demo.sh '$(ADDR)'

.PHONY: demo-check
demo-check: build ## the same, but fetch one page from the server and stop it
	compat/demo.sh --check

.PHONY: test
test: install vet unit ## the tests, outside tools included, in a few minutes (COMPAT=require: none may be missing)

.PHONY: test-long
test-long: install-long lint vet-more unit-long race fuzz ## everything that `make test` leaves out: see docs/testing.md

.PHONY: install
install: ## the other programs that the tests need, with apt-get where that is allowed
	compat/install.sh

.PHONY: install-long
install-long:
	compat/install.sh test long

.PHONY: vet
vet:
	$(GO) vet ./...
	$(GO) -C compat/bench vet ./...
	$(GO) -C packaging vet ./...

.PHONY: vet-more
vet-more:
	$(GO) vet -tags nightly ./...
	GOARCH=386 $(GO) build -o /dev/null ./cmd/tpk # fails where an int must hold 64 bits
	GOARCH=386 $(GO) test ./compat/platforms # the same archives
	for os in darwin freebsd windows; do GOOS=$$os $(GO) vet ./... || exit; done # fails where Linux is taken for granted, also in tests

.PHONY: lint
lint: $(GOLANGCI_LINT) ## golangci-lint: style, errors, and which package may import which
	$(GOLANGCI_LINT) run
	cd compat/bench && ../../$(GOLANGCI_LINT) run
	cd packaging && ../$(GOLANGCI_LINT) run

$(GOLANGCI_LINT):
	mkdir -p .work/bin
	GOBIN="$(CURDIR)/.work/bin" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv .work/bin/golangci-lint $@

.PHONY: unit
unit: ## all tests, with samples of the sweeps
	$(GO) test -short -timeout 20m ./...
	$(GO) -C compat/bench test ./...
	$(GO) -C packaging test ./...

.PHONY: unit-long
unit-long: ## the tests that -short takes a sample from, with whole sweeps or the share that SWEEP names, such as SWEEP=1/3
	mkdir -p .work
	$(GO) run ./compat/longtests >.work/longtests
	xargs -P 2 -L 1 $(GO) test -timeout 60m -run <.work/longtests

.PHONY: race
race: ## the tests of our own packages, or of the share of them that SWEEP names, with the race detector, which needs a C compiler
	@if command -v $$($(GO) env CC) >/dev/null; \
	then set -ex; packages=$$($(GO) list ./gzmember/... ./sidecar/... ./tarpack/... ./serve/... ./cmd/... | compat/share.sh); \
	CGO_ENABLED=1 $(GO) test -short -race -timeout 40m $$packages; \
	else echo "make race: no C compiler here: skipped"; [ "$$COMPAT" != require ]; fi

.PHONY: fuzz
fuzz: ## every fuzz target, or the share of them that SWEEP names, for FUZZTIME
	compat/fuzz.sh '$(FUZZTIME)'

.PHONY: nightly
nightly: install-long ## tests that take very long or need much disk, and two minutes of every fuzz target
	$(GO) test -tags nightly -timeout 60m ./...
	compat/fuzz.sh 2m

.PHONY: test-windows
test-windows: ## run the tests for Windows in Wine, as root; installs Debian 13 with Wine below .work (1.5 GB)
	compat/windows.sh

.PHONY: test-caddy
test-caddy: $(GOLANGCI_LINT) ## build Caddy with the module in contrib/caddy, and test it (160 s of CPU for the first build)
	$(GO) -C contrib/caddy vet ./...
	cd contrib/caddy && ../../$(GOLANGCI_LINT) run
	$(GO) -C contrib/caddy test -count 1 ./...

.PHONY: test-manifests
test-manifests: $(GOLANGCI_LINT) ## check the recipes for Kubernetes with its own types (40 s of CPU for the first build)
	$(GO) -C compat/manifests vet ./...
	cd compat/manifests && ../../$(GOLANGCI_LINT) run
	$(GO) -C compat/manifests test -count 1 ./...

.PHONY: test-acme
test-acme: ## a certificate by certbot (which must be installed) and pebble, as in docs/guide/https.md
	GOBIN=$(CURDIR)/.work/bin $(GO) install github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3 \
		github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@v2.10.3
	TEST_ACME=1 COMPAT=require $(GO) test -count 1 -v -run 'TestACME$$' ./compat/serve

.PHONY: test-bundle
test-bundle: ## a bundle for Windows, made on this machine, as in docs/guide/bundle.md
	TEST_BUNDLE=1 $(GO) test -count 1 -v -run 'TestBundleForWindows$$' ./compat/docs

.PHONY: test-s3-rules
test-s3-rules: ## the commands of contrib/s3, with aws and moto_server (awscli and moto[server] of PyPI)
	TEST_S3_RULES=1 COMPAT=require $(GO) test -count 1 -v -run 'TestBucketRules$$' ./compat/remote

.PHONY: test-install
test-install: ## go install of the checkout as v1.0.0, from a module proxy in a directory
	TEST_INSTALL=1 $(GO) -C packaging test -count 1 -v -run 'TestInstall$$' .

.PHONY: test-arm64
test-arm64: ## tests for arm64, and the golden archives for riscv64, in qemu below .work
	compat/qemu.sh

.PHONY: soak
soak: install ## write over an archive that is served for ten minutes, in every way that people deploy
	$(GO) test -tags nightly -run TestOverwrittenWhileServed -count 1 -v -timeout 30m ./compat/serve

.PHONY: bench
bench: build bench-build ## measure tpk and other programs on real trees (BENCH=pack: one family; see docs/benchmarks)
	compat/install.sh test bench
	.work/bin/bench $(if $(filter command% environment%,$(origin VERSION)),-version '$(VERSION)') $(BENCHFLAGS) $(BENCH)

.PHONY: bench-quick
bench-quick: build bench-build ## the same on small trees, to check that it works; the results page is not changed
	compat/install.sh test bench
	compat/bench/quick.sh $(BENCHFLAGS) $(BENCH)

.PHONY: bench-compare
bench-compare: ## compare the results of two versions with benchstat: OLD=v0.1.0 NEW=devel
	@cd compat/bench && $(GO) tool benchstat -ignore commit,date,go,kernel -filter '/tool:(tpk OR "")' '$(OLD)=../../docs/benchmarks/results/$(OLD).txt' '$(NEW)=../../docs/benchmarks/results/$(NEW).txt'

.PHONY: bench-build
bench-build:
	$(GO) -C compat/bench build -trimpath -o ../../.work/bin/bench .

.PHONY: release
release: ## archives, packages, image and sums of the tagged commit, built twice and compared: docs/releasing.md
	packaging/release.sh $(if $(filter command% environment%,$(origin VERSION)),'$(VERSION)')

.PHONY: test-release
test-release: ## installs, uses, upgrades and purges the .deb in a fresh Debian, and checks all files of a release, as root
	packaging/test-release.sh

.PHONY: site
site: build ## the documentation as a site, with mkdocs: .work/site/site.tar.gz
	compat/site/build.sh bin/tpk .work/site

.PHONY: site-serve
site-serve: site ## the same, served on ADDR until Ctrl-C
	bin/tpk serve --listen '$(ADDR)' .work/site/site.tar.gz

.PHONY: clean
clean: ## remove everything that was built or downloaded
	rm -rf bin .work js/node_modules js/dist
