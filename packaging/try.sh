#!/bin/bash
# Tries a package in a bare root that nobody needs afterwards, without a network:   try.sh PACKAGE NEWER
# NEWER is the same with a higher version. Prints a line for each thing that was seen to hold; ends at the first that does not.
# shellcheck disable=SC2016
set -euo pipefail
package=$1 newer=$2
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root
cd /root

step=
begin() { step=$1; }
held() { echo "PASS $step"; step=; }
trap '[ -z "$step" ] || echo "FAIL $step"' EXIT
wrong() { echo "  $*"; exit 1; }
# Runs a command that must exit so; `out` is all that it said.
exits() {
    local wanted=$1 code=0
    shift
    out=$("$@" 2>&1) || code=$?
    [ "$code" -eq "$wanted" ] || wrong "$* exited with $code, not with $wanted: $out"
}
says() { [[ $out == *"$1"* ]] || wrong "it did not say \"$1\": $out"; }
apt=(apt-get -y -o APT::Sandbox::User=root)
# Every file of this root, but for what a package manager writes down about itself.
files() {
    find / -xdev \( -path /proc -o -path /dev -o -path /run -o -path /tmp -o -path /try -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \
        -o -path /var/lib/dpkg -o -path /var/lib/systemd \) -prune -o -printf '%y %m %p %l\n' | sort
}
# What a person's machine has beside the package: it stays, byte for byte.
guard=/etc/systemd/system/octez-baker.service.d/zz-failover-guard.conf
kept() { sha256sum "$guard" /var/lib/failover/ACTIVE /var/lib/failover/guard.json /etc/failover/config.toml; }

before=$(files)
begin 'from nothing to a report in three commands'
start=$EPOCHREALTIME
exits 0 "${apt[@]}" install "$package"
exits 0 failover drill
says 'no position signed twice'
exits 0 failover report drill --html /tmp/f.html
took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
grep -q '</html>' /tmp/f.html || wrong 'the report is no page'
# What the drill keeps for its report is this user's, not the package's.
rm -rf "$(getent passwd "$(id -u)" | cut -d : -f 6)/.local"
held

begin 'nothing of it is active'
! dpkg -L failover | grep '^/etc' || wrong 'it has files in /etc'
! find /etc -newer "$package" -name '*failover*' | grep . || wrong 'something is enabled'
! dpkg -L failover | grep '^/var' || wrong 'it owns something in /var'
exits 2 failover config check
held

begin 'the example is a configuration'
exits 0 failover --config /usr/share/doc/failover/examples/config.toml config check
says mybaker
held

begin 'documents'
for page in failover failover-run failover-guard-install failover-watch; do
    zcat "/usr/share/man/man1/$page.1.gz" | grep -q 'SH SYNOPSIS' || wrong "there is no page $page"
done
! command -v man >/dev/null || exits 0 man -w failover-run
for file in copyright changelog.gz changelog.Debian.gz README.Debian README.md docs/night.md; do
    [ -s "/usr/share/doc/failover/$file" ] || [ -s "/usr/share/doc/failover/$file.gz" ] || wrong "there is no $file"
done
for file in /usr/share/zsh/vendor-completions/_failover /usr/share/fish/vendor_completions.d/failover.fish; do
    grep -q stand-down "$file" || wrong "$file completes nothing"
done
held

begin 'bash completes commands'
# shellcheck source=/dev/null
. /usr/share/bash-completion/completions/failover
COMP_WORDS=(failover dri) COMP_CWORD=1 COMPREPLY=()
_failover failover dri failover
[ "${COMPREPLY[*]}" = drill ] || wrong "dri is completed to: ${COMPREPLY[*]}"
held

begin 'the unit and the rules'
unit=/usr/lib/systemd/system/failover-watch.service
[ "$(sed -n 's/^ExecStart=//p' $unit)" = '/usr/bin/failover watch' ] || wrong 'the unit does not start /usr/bin/failover'
getent group "$(sed -n 's/.*GROUP="\([a-z]*\)".*/\1/p' /usr/lib/udev/rules.d/70-failover.rules | sort -u)" > /dev/null || wrong 'its group is not there'
seen=
if command -v systemd-analyze >/dev/null; then
    exits 0 env SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=yes "$unit"
    [[ $out != *failover-watch* ]] || wrong "systemd says: $out"
    [ "$(systemctl is-enabled failover-watch.service)" = disabled ] || wrong 'it is enabled'
    seen+=', as systemd-analyze says'
fi
if command -v udevadm >/dev/null && udevadm --help | grep -q '^ *verify'; then
    exits 0 udevadm verify /usr/lib/udev/rules.d/70-failover.rules
    seen+=', as udevadm says'
fi
step+=$seen
held

# A machine in use: guarded by hand, as there is no systemd here, enabled, and with a state.
mkdir -p "${guard%/*}" /var/lib/failover /etc/failover /etc/systemd/system/multi-user.target.wants /run/lock
failover config new --output /etc/failover/config.toml >/dev/null
printf '[Service]\nExecCondition=+/usr/bin/test -e /var/lib/failover/ACTIVE\n' > "$guard"
echo token > /var/lib/failover/ACTIVE
echo '{}' > /var/lib/failover/guard.json
ln -s "$unit" /etc/systemd/system/multi-user.target.wants/failover-watch.service
was=$(kept)

begin 'an upgrade and a removal wait for the end of a run'
lock=/run/lock/failover-NetXdQprcVkpaWU-tz1burnburnburnburnburnburnburjAYjjX.lock
: > "$lock"
exec 9< "$lock"
flock --exclusive 9
exits 100 "${apt[@]}" install "$newer"
says 'a run is in progress'
exits 100 "${apt[@]}" remove failover
says 'a run is in progress'
exits 100 "${apt[@]}" purge failover
exec 9<&-
exits 0 dpkg-query -W -f '${Status} ${Version}' failover
says 'install ok installed'
[ "$(failover --version 2>/dev/null)" ] || wrong 'the program is gone'
[ "$(kept)" = "$was" ] || wrong 'something was changed'
held

begin 'an upgrade'
exits 0 "${apt[@]}" install "$newer"
exits 0 dpkg-query -W -f '${Version}' failover
[ "$out" = "$(dpkg-deb -f "$newer" Version)" ] || wrong "it is $out"
[ "$(kept)" = "$was" ] || wrong 'something was changed'
mkdir -p /usr/local/bin
cp /usr/bin/failover /usr/local/bin/failover
exits 0 "${apt[@]}" install --reinstall "$newer"
says '/usr/local/bin/failover is not of this package'
rm /usr/local/bin/failover
held

begin 'a removal leaves the guard, the state and the configuration, and says so'
exits 0 "${apt[@]}" remove failover
says 'stay guarded without the program'
[ ! -e /usr/bin/failover ] || wrong 'the program is still there'
[ "$(kept)" = "$was" ] || wrong 'something was changed'
held

begin 'a purge too'
exits 0 "${apt[@]}" purge failover
says '/var/lib/failover is left'
[ "$(kept)" = "$was" ] || wrong 'something was changed'
[ ! -L /etc/systemd/system/multi-user.target.wants/failover-watch.service ] || wrong 'a link to the unit is left'
held

begin 'no other file is left'
rm -r /var/lib/failover /etc/failover "${guard%/*}" "$lock"
for folder in /etc/systemd/system/multi-user.target.wants /etc/systemd/system /etc/systemd; do
    grep -qF " $folder " <<< "$before" || rmdir "$folder"
done
diff <(echo "$before") <(files) || wrong 'something is left, or gone'
held
echo "three commands took $took s"
