# shellcheck shell=bash disable=SC2034
# Debian roots for packages, for the scripts that read this: made once, in .cache/deb.
cache=$PWD/.cache/deb
say() { echo "deb: $*" >&2; }
stop() { say "$*"; exit 1; }

# shellcheck source=scripts/debian.sh
. scripts/debian.sh

possible() {
    on_debian || return 1
    case $(dpkg --print-architecture) in amd64 | arm64) ;; *) return 1 ;; esac
    "${root[@]}" unshare --mount --net sh -c 'mount -t tmpfs none /mnt' 2>/dev/null
}

# Where this machine's own Debian packages come from; elsewhere the archive that debootstrap knows.
source_of() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" | sort -u | sed -n 1p
}
archive=$(source_of Debian)
security=$(source_of Debian-Security)

# root_of NAME ARGUMENT...: the root .cache/deb/NAME, made by root.sh with these arguments and made again when it changes.
root_of() {
    local name=$1 kind=$2 what=$3 made
    made=$(sha256sum packaging/root.sh; echo "$kind $what")
    [ "$(cat "$cache/$name.made" 2>/dev/null)" != "$made" ] || return 0
    local missing=()
    [ -x /usr/sbin/debootstrap ] || missing+=(debootstrap)
    [ -s /usr/share/keyrings/debian-archive-trixie-stable.gpg ] || missing+=(debian-archive-keyring)
    [ "${#missing[@]}" -eq 0 ] || scripts/packages.sh "${missing[@]}"
    say "making a root: $kind $what"
    mkdir -p "$cache"
    rm -f "$cache/$name.made"
    "${root[@]}" packaging/root.sh "$kind" "$what" "$cache/$name" "${@:4}" > "$cache/$name.log" 2>&1 \
        || stop "the root could not be made; see ${cache#"$PWD"/}/$name.log"
    echo "$made" > "$cache/$name.made"
}

# cargo-deb of the version that the metadata is written for, in .tools.
cargo_deb() {
    local version=3.8.0
    [ "$(.tools/bin/cargo-deb --version 2>/dev/null)" != "cargo-deb $version" ] || return 0
    say "building cargo-deb $version into .tools, once; this takes some minutes"
    cargo install --quiet --locked --version "$version" --root .tools cargo-deb \
        || stop 'cargo-deb could not be built; is there a network?'
}

# bring PROGRAM FOLDER: the program with this machine's own libraries, as a root's may be older: `ld.so --library-path`.
bring() {
    cp "$1" "$2/"
    ldd "$1" | grep -o '/[^ :]*\.so[^ ]*' | while read -r library; do cp -L "$library" "$2/"; done
    mv "$2"/ld-linux* "$2/ld.so"
    chmod 755 "$2"
}

# inside ROOT FROM:TO:ro... -- COMMAND...: runs it in the root, without a network, in namespaces that end with it.
inside() {
    "${root[@]}" unshare --mount --net --pid --fork --kill-child "$PWD/packaging/enter.sh" "$@"
}
