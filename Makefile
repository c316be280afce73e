# Farprobe's commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# A recording to play instead of the simulated scanner: make demo CINE=FILE
CINE ?=
# Extra arguments for the program that a target starts. They come last, and of an option given twice the last one counts.
ARGS ?=
# How long each fuzzer runs, s.
SECONDS_EACH ?= 60
EXAM := assets/exams/demo.exam
# Where a demo leaves its results by itself.
OUT := out/demo
TARGET := $(or $(CARGO_TARGET_DIR),target)
DEMO := $(TARGET)/debug/farprobe-console demo $(if $(CINE),--source 'cine:$(CINE)')

.PHONY: help demo test campaign fuzz mutants coverage check console cart bench packages display programs

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: packages programs ## a remote exam on this machine: in a window, or scripted (30 s) without a display
ifneq ($(or $(DISPLAY),$(WAYLAND_DISPLAY)),)
	$(DEMO) $(ARGS)
else
	@.ci/system-packages display
	@echo "no display: a scripted exam (of 30 s, unless ARGS names another) runs in a virtual one; results in $(OUT)/"
	LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s "-screen 0 1280x800x24" $(DEMO) --script $(EXAM) --shots $(OUT) $(ARGS)
endif

test: packages ## every test, whole-system ones over real sockets included
	cargo test --workspace --locked

campaign: packages ## 2,000 seeded exams in which everything goes wrong, measured, on all cores: make campaign ARGS="--seeds 20000 --seconds 60"
	cargo run --release --locked -p farprobe-bench -- world --seed 0 $(or $(ARGS),--seeds 2000 --seconds 30)

fuzz: packages ## a fuzzer on every reader of strangers' bytes: make fuzz SECONDS_EACH=600
	@command -v cargo-fuzz >/dev/null || { echo "installing cargo-fuzz, which builds and runs the fuzzers"; cargo install cargo-fuzz --locked; }
	@.ci/fuzz $(SECONDS_EACH)

mutants: packages ## faults planted in the code one by one, each of which a test must find: make mutants ARGS="-p farprobe-safety --shard 0/40"
	@command -v cargo-mutants >/dev/null || { echo "installing cargo-mutants, which plants the faults"; cargo install cargo-mutants --locked; }
	cargo mutants -o out $(or $(ARGS),-p farprobe-safety -p farprobe-session -p farprobe-control -p farprobe-servo -p farprobe-proto)

coverage: packages ## every line and branch of the safety gate, and whether its tests reach it
	@command -v cargo-llvm-cov >/dev/null || { echo "installing cargo-llvm-cov, which counts them"; cargo install cargo-llvm-cov --locked; }
	@rustup component list --installed | grep -q llvm-tools || { echo "installing llvm-tools, which it needs"; rustup component add llvm-tools; }
	@.ci/coverage

check: packages ## formatting, lints and documentation, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

console: packages ## the specialist's console: make console ARGS="connect ADDRESS"
	cargo run --release --locked -p farprobe-console -- $(ARGS)

cart: packages ## the controller daemon with the simulated arm
	cargo run --release --locked -p farprobe-cart -- --config assets/cart-sim.toml $(ARGS)

bench: packages ## measurements: make bench ARGS=command, ARGS=rt, ARGS=codec, ARGS=world, ARGS=step, or ARGS=selftest of the impaired lines
	@.ci/system-packages bench
	cargo run --release --locked -p farprobe-bench -- $(ARGS)

programs: packages
	cargo build --locked -p farprobe-cart -p farprobe-console

packages:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it from https://rustup.rs (1.95 or newer)"; exit 1; }
	@.ci/system-packages build
