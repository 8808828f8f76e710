#!/usr/bin/env bash
# Builds the packages, inside the root that root.sh made:   inside.sh ARCH...
# The tree is in /src, the crates in /cargo, both read only; /build is kept from one time to the next; packages go to /out.
set -euo pipefail
export CARGO_HOME=/cargo CARGO_TARGET_DIR=/build/target CARGO_INCREMENTAL=0 HOME=/root PKG_CONFIG_ALLOW_CROSS=1
declare -A triples=([amd64]=x86_64-unknown-linux-gnu [arm64]=aarch64-unknown-linux-gnu)
native=$(dpkg --print-architecture)
# What Debian 12 has is 2.36, and Ubuntu 22.04 2.35: a drill is to run there, too.
newest=2.35
cd /src

export CARGO_DEB='/tools/ld.so --library-path /tools /tools/cargo-deb deb'
stage=$(mktemp -d)
for arch in "$native" "$@"; do
    triple=${triples[$arch]:?no such architecture here}
    program=/build/target/$triple/dist/failover
    # Its own architecture comes first: its program writes the manual pages for all.
    [ "$arch" != "$native" ] || [ ! -e "$stage/config.toml" ] || continue
    gnu=${triple/-unknown/} binutils=
    if [ "$arch" != "$native" ]; then
        name=${triple//-/_} binutils=$gnu-
        export "CARGO_TARGET_${name^^}_LINKER=$gnu-gcc" "PKG_CONFIG_LIBDIR_$name=/usr/lib/$gnu/pkgconfig:/usr/share/pkgconfig"
    fi
    echo "building for $arch"
    cargo build --quiet --profile dist --locked --offline -p failover-cli --target "$triple"
    [ "$arch" != "$native" ] || packaging/stage.sh "$program" "$stage"
    wants=$("${binutils}objdump" -T "$program" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
    [ "$(printf '%s\n' "GLIBC_$newest" "$wants" | sort -V | tail -n 1)" = "GLIBC_$newest" ] \
        || { echo "the program for $arch wants $wants: newer than glibc $newest" >&2; exit 1; }
    [[ " $* " == *" $arch "* ]] || continue
    version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
    out=/out/failover_${version}-1_$arch.deb
    packaging/pack.sh "$program" "$triple" "$stage" "$out"
    echo "$arch wants $wants: $out"
done
rm -rf "$stage"
