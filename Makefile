SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.NOTPARALLEL:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PREFIX  ?= /usr
DESTDIR ?=
JOBS    ?= 2# test packages at a time: each starts servers of its own

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: bin/.modules ## Install what tests and demo need (servers, debootstrap, C compiler); once, quick afterwards
	@internal/tools/deps.sh

# Module downloads, retried: proxies have bad moments.
bin/.modules: go.mod go.sum internal/tools/go.mod internal/tools/go.sum
	@mkdir -p bin
	@for n in 1 2 3; do \
		if go mod download && go -C internal/tools mod download; then touch $@; exit 0; fi; \
		sleep $$((n * 5)); \
	done; exit 1

.PHONY: build
build: ## Build bin/tidegate, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o bin/tidegate ./cmd/tidegate

.PHONY: test
test: deps lint test-race integration ## Everything: lint, race detector, all tests on real servers

.PHONY: test-short
test-short: ## Tests that need no server; under a minute
	go test -short -timeout 5m ./...

.PHONY: test-race
test-race: ## The same under the race detector
	CGO_ENABLED=1 go test -short -race -timeout 10m ./...

.PHONY: integration
integration: deps ## All tests, on real servers; a missing server fails
	go test -count=1 -p $(JOBS) -timeout 40m ./...

.PHONY: soak
soak: deps ## Break live runs at random for DURATION (1h); SEED repeats what it printed
	DURATION=$(or $(DURATION),1h) SEED=$(or $(SEED),$(shell date +%s)) go test -count=1 -timeout 0 -v -run '^TestRandom$$' ./integration/crash

.PHONY: random
random: deps ## Move RUNS (50) random databases under random load, from SEED on
	FALTER=1 RUNS=$(or $(RUNS),50) SEED=$(or $(SEED),$(shell date +%s)) go test -count=1 -timeout 0 -v -run '^TestRandom$$' ./integration/random

.PHONY: mutants
mutants: deps ## Plant bugs in the code one at a time; the suite has to notice each. ONLY=regexp for some
	go test -count=1 -timeout 0 -v -run 'TestMutants/$(ONLY)' ./integration/mutation -mutate

.PHONY: lint
lint: ## gofmt, vet, staticcheck, import table, generated code
	@internal/tools/lint.sh

.PHONY: fmt
fmt: ## Format Go code and example pipelines
	@git ls-files --cached --others --exclude-standard '*.go' | xargs -r ls 2>/dev/null | xargs -r gofmt -w
	@if [ -d examples ]; then find examples -name '*.hcl' -exec go run ./cmd/tidegate fmt {} +; fi

.PHONY: generate
generate: ## Generate code from api/**/*.proto with pinned tools
	@internal/tools/generate.sh

.PHONY: tools
tools: bin/tools/.built
	@:

bin/tools/.built: internal/tools/go.mod internal/tools/go.sum internal/tools/protogen/main.go
	@mkdir -p bin/tools
	@GOBIN= go -C internal/tools build -o ../../bin/tools/ tool ./protogen
	@touch $@

.PHONY: demo
demo: deps ## Move two live databases on private servers, with crashes, and prove both sides equal
	go run ./integration/cmd/demo

.PHONY: bench
bench: bin/.modules ## Measure against native replication and dump tools; ONLY=regexp for a part, RUNS=3, SCALE=1
	@internal/tools/deps.sh bench
	go run ./integration/bench -only '$(ONLY)' -runs $(or $(RUNS),3) -scale $(or $(SCALE),1) -out $(or $(OUT),bin/bench.json)

.PHONY: install
install: build ## Install binary, systemd units and config files below DESTDIR
	install -D -m 755 bin/tidegate $(DESTDIR)$(PREFIX)/bin/tidegate
	@for f in packaging/systemd/*.service packaging/systemd/*.target; do \
		[ -e "$$f" ] || continue; \
		to="$(DESTDIR)$(PREFIX)/lib/systemd/system/$${f##*/}"; \
		install -v -D -m 644 "$$f" "$$to"; \
		sed -i 's|/usr/bin/tidegate|$(PREFIX)/bin/tidegate|' "$$to"; \
	done
	@for f in packaging/config/*; do \
		to="$(DESTDIR)/etc/tidegate/$${f##*/}"; \
		[ ! -f "$$f" ] || [ -e "$$to" ] || install -v -D -m 644 "$$f" "$$to"; \
	done # a config file that is there already is its owner's

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin
