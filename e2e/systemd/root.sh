#!/usr/bin/env bash
# Makes a small root of a Debian release with its systemd, as root: root.sh SUITE FOLDER ARCHIVE KEYRING. An empty
# archive is the one that debootstrap knows.
set -euo pipefail
suite=$1 folder=$2 archive=$3 keyring=$4
rm -rf "$folder"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,procps,sudo,jq \
    --keyring="$keyring" "$suite" "$folder" ${archive:+"$archive"}
rm -rf "$folder"/var/cache/apt/* "$folder"/var/lib/apt/lists/* "$folder"/usr/share/{doc,man,locale,info}/*
echo primary > "$folder/etc/hostname"
echo '127.0.0.1 localhost primary' > "$folder/etc/hosts"
# An empty machine-id would make the first boot another than the next.
chroot "$folder" systemd-machine-id-setup
# What has nothing to do in namespaces.
for unit in console-getty.service getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_reap.service e2scrub_all.timer fstrim.timer systemd-modules-load.service kmod-static-nodes.service modprobe@.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
    dev-hugepages.mount dev-mqueue.mount; do
    ln -sf /dev/null "$folder/etc/systemd/system/$unit"
done
