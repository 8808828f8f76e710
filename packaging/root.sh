#!/usr/bin/env bash
# Makes a root of a Debian release, as root of this machine:
#   root.sh bare SUITE FOLDER [ARCHIVE]             what every Debian has and nothing else: where a package is tried
#   root.sh machine SUITE FOLDER [ARCHIVE]          and what a machine that is booted has, to verify units and rules with
#   root.sh build ARCHS FOLDER [ARCHIVE [SECURITY]]  the oldest Debian that is supported, with a compiler for each of ARCHS
set -euo pipefail
kind=$1 what=$2 folder=$3 archive=${4:-} security=${5:-}

apt() { chroot "$folder" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }
bare() {
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$1" "$folder" ${archive:+"$archive"}
}

rm -rf --one-file-system "$folder"
case $kind in
    bare) bare "$what" ;;
    machine)
        bare "$what"
        cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
        apt update
        apt install -y --no-install-recommends systemd systemd-sysv udev man-db bash-completion openssh-client
        ;;
    build)
        bare bookworm
        # Its own Rust is too old; the one for web browsers is kept current by the security team.
        archive=$(awk '$1 == "deb" { print $2; exit }' "$folder/etc/apt/sources.list")
        archive=${archive%/}
        echo "deb ${security:-${archive%/debian}/debian-security} bookworm-security main" >> "$folder/etc/apt/sources.list"
        cp -L /etc/resolv.conf "$folder/etc/resolv.conf"
        native=$(chroot "$folder" dpkg --print-architecture)
        packages=(cargo-web rustc-web gcc libc6-dev pkg-config libudev-dev dpkg-dev)
        for arch in $what; do
            [ "$arch" != "$native" ] || continue
            chroot "$folder" dpkg --add-architecture "$arch"
            # The library of that machine, beside its compiler; and what runs its programs, to try them.
            packages+=("crossbuild-essential-$arch" "libstd-rust-web-dev:$arch" "libudev-dev:$arch" "libc6-dev:$arch" qemu-user-static)
        done
        apt update
        apt install -y --no-install-recommends "${packages[@]}"
        ;;
esac
rm -rf "$folder"/var/cache/apt/archives/*.deb "$folder"/var/lib/apt/lists/*
