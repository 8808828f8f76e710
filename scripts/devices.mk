# The devices through a real kernel, in a small VM; see e2e/README.md.
.PHONY: e2e
e2e:
	@scripts/e2e.sh

# udev rules for TezSign and Ledger; `failover devices` says when they are missing.
.PHONY: install-udev
install-udev:
	@scripts/install-udev.sh '$(DESTDIR)'
