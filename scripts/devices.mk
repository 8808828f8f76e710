# The devices through a real kernel, in a small VM; see e2e/README.md.
.PHONY: e2e e2e-long
e2e:
	@scripts/e2e.sh

# Signers that are unplugged in the middle of a run, and plugged in again.
e2e-long:
	@E2E_ONLY='in the middle of a run' scripts/e2e.sh

# The boot guard and a whole run under systemd 247, 252 and 257, booted in namespaces; see docs/guard.md.
.PHONY: systemd
systemd:
	@scripts/systemd.sh

# udev rules for TezSign and Ledger; `failover devices` says when they are missing.
.PHONY: install-udev
install-udev:
	@scripts/install-udev.sh '$(DESTDIR)'
