# Two commands on a fresh machine: `make drill` and `make test`. Both install what is missing.

SHELL := /bin/bash
PREFIX ?= /usr/local

.PHONY: deb deb-test package help drill test prove crash crash-table fuzz fuzz-smoke soak mutants bench install install-watch screenshots semver fmt doc clean

help:
	@echo 'make drill     rehearse a failover on simulated devices; nothing needs to be plugged in'
	@echo '               (ARGS="--signer ledger --scenario emergency" and others are passed on)'
	@echo 'make test      format, lints, docs, licences, and every test'
	@echo 'make prove     every proof that is longer than a test, a sixteenth of the mutants, and a table of what each counted: about two hours'
	@echo 'make bench     how fast decisions, wire formats, blocks and the whole program are, with the goals; ratios in one run'
	@echo '               (BENCH_WATCH_BLOCKS=600 for a watch of an hour of blocks: ten minutes more)'
	@echo 'make fuzz-smoke  30 seconds of random input for everything that reads bytes; make fuzz: an hour each'
	@echo '               (FUZZ_SECONDS=... for another time)'
	@echo 'make crash     kill runs after every journal record, for both signers, and resume them: some minutes'
	@echo 'make soak      100,000 failovers in random worlds with faults on every wire (SOAK_WORLDS, SOAK_SEED): hours'
	@echo 'make mutants   break the code that judges, change by change, and see a test notice each; goes on where it was'
	@echo 'make e2e       the device tests in a VM: real USB and HID drivers, faults on the wire'
	@echo 'make e2e-long  signers unplugged in the middle of a run in that VM, and plugged in again'
	@echo 'make systemd   the boot guard and a whole run under real systemd 247, 252 and 257; needs root or sudo'
	@echo 'make install-udev  let a user of the group plugdev reach the devices'
	@echo 'make install   build for release and install to $(PREFIX)/bin (PREFIX=... for elsewhere)'
	@echo 'make install-watch  the systemd unit of `failover watch`; enables nothing (PREFIX as for install)'
	@echo 'make package   pack each crate as a registry would get it, and build it from that: some minutes; in make prove, too'
	@echo 'make deb       Debian packages for amd64 and arm64, built for Debian 12 and everything newer; needs root or sudo'
	@echo 'make deb-test  those, installed, upgraded and removed in bare roots of Debian 12 and 13'
	@echo 'make screenshots  a report in a real browser (Chromium), and docs/night.md printed by it: pictures for docs/images, checked'
	@echo 'make semver    what changed in the interface of the library since a revision (SEMVER_BASE=...)'
	@echo 'make fmt       format the code'
	@echo 'make doc       build the documentation of the library'
	@echo 'make clean     remove what was built'

drill:
	@scripts/setup.sh build
	@cargo build --locked -p failover-cli
	@cargo run --quiet --locked -p failover-cli -- drill $(ARGS)

test:
	@scripts/setup.sh test
	@scripts/test.sh

bench:
	@scripts/setup.sh build
	@cargo bench --quiet --locked -p failover-core --all-features --bench decide --bench wire --bench scan
	@cargo bench --quiet --locked --profile dist -p failover-cli --bench process --bench line

# PROVE="model crash" for some of them.
prove:
	@scripts/setup.sh test
	@scripts/prove.sh $(PROVE)

# Writes docs/crash-table.md.
crash-table:
	@FAILOVER_DOCS=write scripts/prove.sh crash

crash:
	@scripts/setup.sh test
	@FAILOVER_CRASH=all cargo test --locked -p failover-cli --test serve -- --nocapture

fuzz-smoke:
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),30)

fuzz:
	@scripts/fuzz.sh $(or $(FUZZ_SECONDS),3600)

soak:
	@scripts/setup.sh build
	@scripts/soak.sh

mutants:
	@scripts/setup.sh build
	@scripts/mutants.sh

install:
	@scripts/setup.sh build
	@cargo build --locked --profile dist -p failover-cli
	@scripts/install.sh '$(DESTDIR)$(PREFIX)'

install-watch:
	@scripts/install-watch.sh '$(DESTDIR)' '$(PREFIX)'

package:
	@scripts/setup.sh build
	@scripts/package.sh

# ARCHS="arm64" for one of them.
deb:
	@scripts/deb.sh $(ARCHS)

deb-test:
	@scripts/deb-test.sh

screenshots:
	@scripts/setup.sh build
	@scripts/screenshots.sh

semver:
	@scripts/setup.sh build
	@SEMVER_BASE='$(SEMVER_BASE)' scripts/semver.sh

fmt:
	cargo fmt --all

doc:
	cargo doc --locked --workspace --all-features --no-deps

clean:
	cargo clean

include scripts/devices.mk
