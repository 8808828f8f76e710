#!/usr/bin/env bash
# Installs the unit of `failover watch`, for the program in PREFIX/bin. Enables and starts nothing. DESTDIR is honoured:
# then systemd is told nothing. The third argument is the folder of the units, a package's instead of this machine's.
set -euo pipefail
destdir=${1-}
prefix=${2:-/usr/local}
unit=systemd/failover-watch.service
to=$destdir${3:-/etc/systemd/system}
case $prefix in
    /*) ;;
    *) echo "PREFIX has to be an absolute path, as a unit needs it: $prefix" >&2; exit 2 ;;
esac
probe=$to
while [ ! -e "$probe" ]; do probe=$(dirname "$probe"); done
root=()
[ -w "$probe" ] || root=(sudo)
written=$(mktemp)
trap 'rm -f "$written"' EXIT
sed "s|^ExecStart=/usr/local/bin/failover |ExecStart=$prefix/bin/failover |" "$unit" >"$written"
"${root[@]}" install -D -m 644 "$written" "$to/$(basename "$unit")"
echo "installed $to/$(basename "$unit")"
[ -z "$destdir" ] || exit 0
if [ -d /run/systemd/system ]; then
    "${root[@]}" systemctl daemon-reload
else
    echo 'systemd does not run here: the unit is known from its next start'
fi
[ -x "$prefix/bin/failover" ] || echo "there is no $prefix/bin/failover yet: make install"
echo 'nothing is enabled. To watch from now on and after every boot: sudo systemctl enable --now failover-watch'
echo 'what it says: journalctl -u failover-watch; how it stands: systemctl status failover-watch'
