# The commands of the project; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

VERSION ?= dev
BIN := bin/centralita
LINT_VERSION := v2.15.0
LINT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/centralita/bin/golangci-lint-$(LINT_VERSION)/golangci-lint

# Where `make run` keeps its data; empty: the program's own default.
DATA ?=
RUN_FLAGS := $(if $(DATA),--data $(DATA))
# `make test` may be narrowed: make test PKG=./crm/lead/... RUN=TestBalance
PKG ?= ./...
RUN ?=
NARROWED := $(filter command,$(origin PKG) $(origin RUN))
# What vet finds, `make check` has found. Many tests wait more than they compute: three packages at a time.
GO_TEST := go test -race -vet=off -p 3 -timeout 20m
# `make call`
FROM ?= +34600111222
TO ?=
TALK ?= 10

APP_SOURCES := $(shell find frontend/src frontend/public frontend/*.json frontend/*.ts frontend/index.html -type f 2>/dev/null)
GO_SOURCES := $(shell find . -name '*.go' -not -path './frontend/node_modules/*' -not -name '*_test.go') \
	$(shell find internal/postgres/migrations asterisk/templates crm -type f -not -name '*.go' 2>/dev/null)

.PHONY: help run test test-go test-app test-e2e call check lint generate bench soak setup build clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup $(BIN) ## install what is missing, build, and start everything on this machine (DATA=dir)
	@exec $(BIN) run $(RUN_FLAGS)

# All three are run, whichever fails; a narrowed run is of Go's tests alone.
test: setup-tests $(BIN) ## every test, on real parts (PKG=./crm/... RUN=TestName narrow it)
	@failed=0; \
	$(if $(NARROWED),,$(MAKE) test-app || failed=1; $(MAKE) test-browser || failed=1;) \
	$(MAKE) test-go || failed=1; \
	exit $$failed

test-app: frontend/node_modules/.package-lock.json ## the web app's unit tests
	@cd frontend && npm test --silent

test-browser: $(BIN) ## the web app in real Chromium, against the real product
	@cd frontend && npm run --silent e2e

# End-to-end tests have the machine to themselves: they measure time.
test-go: frontend/dist/index.html ## the Go tests, with the race detector
ifdef NARROWED
	@$(GO_TEST) $(if $(RUN),-run '$(RUN)') $(PKG)
else
	@failed=0; \
	$(GO_TEST) $$(go list ./... | grep -v /internal/e2e) || failed=1; \
	$(GO_TEST) ./internal/e2e/... || failed=1; \
	exit $$failed
endif

call: $(BIN) ## place a real SIP call into the running product (FROM= TO= TALK=seconds)
	@$(BIN) call $(RUN_FLAGS) --from '$(FROM)' $(if $(TO),--to '$(TO)') --talk '$(TALK)'

check: setup $(LINT) $(BIN) ## lint, formatting, import fences, translations, generated files
	@deploy/check.sh '$(LINT)' '$(BIN)'

generate: $(BIN) frontend/node_modules/.package-lock.json ## write docs/openapi.json and the app's API types anew
	@$(BIN) openapi > docs/openapi.json.new && mv docs/openapi.json.new docs/openapi.json
	@cd frontend && npm run --silent api:generate

bench: $(BIN) ## the benchmark table, against peers measured in the same run
	@go run ./cmd/bench

soak: setup-tests $(BIN) ## the endurance tests in their full size (an hour and more)
	@CENTRALITA_SOAK=1 go test -timeout 4h -count=1 -v ./internal/e2e/... ./crm/exchange/importing

build: $(BIN) ## build bin/centralita with the web app inside

setup: ## install what is missing (Debian packages, npm modules, the Asterisk root)
	@deploy/setup.sh

.PHONY: setup-tests
setup-tests:
	@deploy/setup.sh --tests

clean: ## remove what was built
	@rm -rf bin frontend/dist/assets frontend/dist/index.html

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@deploy/setup.sh

frontend/dist/index.html: frontend/node_modules/.package-lock.json $(APP_SOURCES)
	@echo "building the web app" >&2
	@cd frontend && npm run --silent build -- --logLevel warn >&2
	@touch frontend/dist/.gitkeep $@

$(BIN): frontend/dist/index.html $(GO_SOURCES) go.mod
	@echo "building $@" >&2
	@CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/centralita

# Built with the pinned version, once, outside the tree.
$(LINT):
	@echo "building golangci-lint $(LINT_VERSION) (about two minutes, once)" >&2
	@GOBIN='$(dir $(LINT))' GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
