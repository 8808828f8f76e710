#!/usr/bin/env bash
# Puts what a package holds beside the program, all of it made from the program or from this tree, where cargo-deb looks
# for it:   stage.sh PROGRAM FOLDER   (PROGRAM runs on this machine; SOURCE_DATE_EPOCH is the date in what is written)
set -euo pipefail
program=$(realpath "${1:?the program}") to=${2:?the folder}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p "$to/man"
to=$(realpath "$to")

"$program" man --output "$to/man" > /dev/null 2>&1
gzip -9nf "$to"/man/*.1
for shell in bash zsh fish; do "$program" completions "$shell" > "$to/failover.$shell" 2>/dev/null; done
# An address that nobody has a key for: the file can be read, and is for nobody's baker.
# What the program leaves open where it finds nothing is what most bakers have.
"$program" config new --name mybaker --address tz1burnburnburnburnburnburnburjAYjjX --primary baker@primary \
    --network mainnet --device tezsign --node http://127.0.0.1:8732 2>/dev/null \
    | sed -e '/^# It is not complete yet/d' -e '/FILL IN/s/^# //' -e 's/FILL IN: //' > "$to/config.toml"
# The unit of `make install-watch`, for the program in /usr/bin.
scripts/install-watch.sh "$to" /usr /usr/lib/systemd/system > /dev/null

{
    version=$("$program" --version 2>/dev/null)
    echo "failover (${version#failover }-1) unstable; urgency=medium"
    printf '\n  * What changed is in changelog.gz.\n\n'
    echo " -- $(sed -n 's/^maintainer = "\(.*\)"$/\1/p' failover-cli/Cargo.toml)  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n > "$to/changelog.Debian.gz"
