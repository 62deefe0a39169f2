# Targets of debrief. `make` alone lists them; only setup installs anything.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unreleased)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
# The slowest package transcribes real speech; under the race detector, on two cores that others
# use as well, it took over 30 minutes.
TIMEOUT := 60m
SERVE ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup build test check bench train soak demo screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install tools, Go modules and models; quick when all is there
	@scripts/setup.sh

# Three programs: everything; the recorder alone, in pure Go; the process that owns PortAudio.
GOBUILD = go build -trimpath -ldflags '-X main.version=$(VERSION)'

build: setup ## bin/debrief, bin/debrief-recorder, bin/debrief-capture
	@mkdir -p bin
	$(GOBUILD) -o bin/ ./cmd/...
	CGO_ENABLED=0 $(GOBUILD) -tags recorder -o bin/debrief-recorder ./cmd/debrief

test: setup ## every test
	@scripts/test-tools.sh
	go test -timeout $(TIMEOUT) $$(go list ./... | grep -v /capture)
	go test -timeout $(TIMEOUT) -p 1 ./capture/... # in real time, so with the machine to itself
	go test -C tools -timeout $(TIMEOUT) ./e2e

check: setup ## gofmt, vet, staticcheck, race detector, known vulnerabilities
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "error: not formatted: $$bad"; echo 'hint: gofmt -w .'; exit 1; } >&2
	go vet ./...
	go run $(STATICCHECK) ./...
	@scripts/test-tools.sh
	go vet -tags noportaudio ./... # a machine without PortAudio's headers
	go test -tags noportaudio ./capture/sound
	CGO_ENABLED=0 go build -tags recorder -o /dev/null ./cmd/debrief
	go vet -tags soak ./capture
	go vet -C tools ./...
	go test -race -timeout $(TIMEOUT) $$(go list ./... | grep -v /capture)
	go test -race -timeout $(TIMEOUT) -p 1 ./capture/... # in real time, as above
	@out=$$(go run $(GOVULNCHECK) ./... 2>&1) && echo "$$out" || case "$$out" in \
	  *'fetching vulnerabilities'*) echo "$$out"; echo 'warning: vulnerabilities were NOT checked: their database is out of reach'; \
	    echo 'hint: make check again where the network reaches it' ;; \
	  *) echo "$$out"; exit 1 ;; \
	esac

bench: build ## word error rate, speed, memory, tags: the figures of the README
	@scripts/bench.sh

train: setup ## the tagger's model from its corpus: about 17 minutes, the same result every time
	go run ./internal/train

soak: build ## the recorder for half an hour: microphones, servers, processes and disks taken away
	scripts/soak.sh

demo: build ## the main job on the samples, then the page on 127.0.0.1:8080 (SERVE=0: the job only)
	@SERVE=$(SERVE) scripts/demo.sh

screenshots: setup ## pictures of every state of the coach's page, in screenshots/
	@scripts/screenshots.sh

clean: ## remove what build and demo made; models and test servers stay
	rm -rf bin/debrief bin/debrief-recorder bin/debrief-capture store
