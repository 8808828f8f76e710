#!/usr/bin/env bash
# Installs what building (`build`) or testing (`test`) needs and this machine does not have. Asks for nothing,
# uses sudo only where something is missing and this user is not root, and does nothing the second time.
set -euo pipefail

want=${1:?build or test}

say() { echo "setup: $*" >&2; }
stop() { say "$*"; exit 1; }

# Rust from the usual place, where the shell does not know it yet.
if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
    stop "cargo is in $HOME/.cargo/bin, which is not in PATH: run  . \"$HOME/.cargo/env\"  and try again"
fi
command -v cargo >/dev/null || stop "there is no cargo. Install Rust 1.89 or later, https://rustup.rs:
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
then open a new shell and try again"

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v pkg-config >/dev/null || missing+=(pkg-config)
pkg-config --exists libudev 2>/dev/null || missing+=(libudev-dev)
if [ "$want" = test ]; then
    [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
    command -v ssh >/dev/null && command -v ssh-keygen >/dev/null || missing+=(openssh-client)
    # What a run costs is counted by its system calls.
    command -v strace >/dev/null || missing+=(strace)
    # Login shells that take no line of a POSIX shell.
    command -v fish >/dev/null || missing+=(fish)
    command -v tcsh >/dev/null || missing+=(tcsh)
    # ps shows what signs on a machine; kill ends a test's processes; flock and unshare are what tests hold and hide with.
    command -v ps >/dev/null && command -v pgrep >/dev/null && [ -x /bin/kill ] || missing+=(procps)
    command -v flock >/dev/null && command -v unshare >/dev/null || missing+=(util-linux)
    # A real terminal, which keeps what was drawn in it.
    command -v tmux >/dev/null || missing+=(tmux)
    # An example drives the program from it.
    command -v python3 >/dev/null || missing+=(python3)
    # A real etcd for the lock between machines, and certificates for it.
    command -v etcd >/dev/null || missing+=(etcd-server)
    command -v openssl >/dev/null || missing+=(openssl)
fi

if [ "${#missing[@]}" -gt 0 ]; then
    # The tests start an sshd and an etcd of their own on loopback. This machine does not get them because of that.
    root=() quiet=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    if [ -d /run/systemd/system ]; then
        [[ " ${missing[*]} " == *" openssh-server "* ]] && quiet+=(ssh.service ssh.socket)
        [[ " ${missing[*]} " == *" etcd-server "* ]] && quiet+=(etcd.service)
    fi
    [ "${#quiet[@]}" -eq 0 ] || "${root[@]}" systemctl mask --quiet --runtime "${quiet[@]}" || true
    scripts/packages.sh "${missing[@]}"
    if [ "${#quiet[@]}" -gt 0 ]; then
        "${root[@]}" systemctl disable --quiet "${quiet[@]}" || true
        "${root[@]}" systemctl unmask --quiet --runtime "${quiet[@]}" || true
    fi
fi

[ "$want" = test ] || exit 0

for tool in fmt clippy; do
    cargo "$tool" --version >/dev/null 2>&1 || stop "cargo has no $tool: run  rustup component add rustfmt clippy"
done
scripts/deny.sh --version >/dev/null 2>&1 || {
    version=$(sed -n 's/^version=//p' scripts/deny.sh)
    say "building cargo-deny $version into .tools, once; this takes some minutes"
    cargo install --quiet --locked --version "$version" --root .tools cargo-deny \
        || stop "cargo-deny could not be built; is there a network?"
}
