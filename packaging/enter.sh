#!/usr/bin/env bash
# Runs a command in a root, in a mount namespace of its own:   enter.sh ROOT [FROM:TO[:ro]]... -- COMMAND...
set -euo pipefail
root=$1
shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
    : > "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
while [ "$1" != -- ]; do
    IFS=: read -r from to how <<< "$1"
    mkdir -p "$root$to"
    mount --bind "$from" "$root$to"
    [ "$how" != ro ] || mount -o remount,bind,ro "$root$to"
    shift
done
shift
exec chroot "$root" "$@"
