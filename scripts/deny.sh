#!/usr/bin/env bash
# cargo-deny of the version that deny.toml is written for: this machine's, where it has it, else the one in .tools.
set -euo pipefail
version=0.20.2
if [ "$(cargo deny --version 2>/dev/null)" = "cargo-deny $version" ]; then
    exec cargo deny "$@"
fi
tool=.tools/bin/cargo-deny
[ "$("$tool" --version 2>/dev/null)" = "cargo-deny $version" ] || exit 127
exec "$tool" "$@"
