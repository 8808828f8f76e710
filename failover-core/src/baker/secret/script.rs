//! The scripts that look for an unlock secret, take it away and put it back.

/// The scripts' name in the list of processes.
pub const NAME: &str = "failover-secret";

/// What all three begin with. `KEPT SECRET SCRIPT [SECRET SCRIPT]...`: the folder that keeps, and each service's two files.
macro_rules! common {
    () => {
        r#"set -u
umask 077
LC_ALL=C
export LC_ALL
kept=$1
shift
line='^[[:space:]]*(export[[:space:]]+)?TEZSIGN_UNLOCK_PASS='
# One word of sh, and no more.
value='(('\''[^'\'']*'\'')|("[^"]*")|(\\.)|[^[:space:]'\''"\\;&|])*[[:space:]]*$'
# May there be a passphrase in this script? Whatever names the variable and is no plain empty assignment.
holds() {
    [ -e "$1" ] || return 1
    [ -r "$1" ] || exit 1
    grep -aF TEZSIGN_UNLOCK_PASS -- "$1" | grep -aEvq "$line(''|\"\")?[[:space:]]*\$"
}
# Ends where a script is to be taken apart that is not TezBake's.
known() {
    if grep -aF TEZSIGN_UNLOCK_PASS -- "$1" | grep -aEvq "$line$value"; then
        echo "$1 names TEZSIGN_UNLOCK_PASS in a way that is not TezBake's" >&2
        exit 1
    fi
}
named() { printf '%s/%s' "$kept" "$(printf %s "$1" | tr / %)"; }
# An earlier version put both beside themselves, and the whole script: it counts no more than its line.
older() {
    if [ -e "$1.kept-by-failover" ]; then mv --backup=numbered -- "$1.kept-by-failover" "$own" || exit 1; fi
    [ -e "$2.kept-by-failover" ] || return 0
    known "$2.kept-by-failover"
    if [ ! -e "$2" ]; then
        mv -- "$2.kept-by-failover" "$2" || exit 1
        return 0
    fi
    if [ ! -e "$own.line" ] && holds "$2.kept-by-failover"; then
        new=$own.new.$$
        grep -aE "$line" -- "$2.kept-by-failover" >"$new" && sync -- "$new" && mv -- "$new" "$own.line" || exit 1
    fi
    mv --backup=numbered -- "$2.kept-by-failover" "$own.script" || exit 1
}
# Takes the place of a file, with that one's owner and mode.
replaces() {
    chown --reference="$2" -- "$1" && chmod --reference="$2" -- "$1" && sync -- "$1" && mv -f -- "$1" "$2" \
        && sync -- "$2" "${2%/*}"
}
"#
    };
}

/// How a script that changes something begins, for each service.
macro_rules! each {
    () => {
        r#"mkdir -p -- "$kept" && chmod 700 -- "$kept" || exit 1
while [ $# -gt 1 ]; do
    own=$(named "$1")
    older "$1" "$2"
"#
    };
}

/// Looks, as root: a line each, `in-place FILE` of what unlocks by itself, `aside FILE` of what is kept. What an earlier version
/// put aside counts as in place: it lies where the app's user may read it, until [`STASH`] moves it.
pub const LOOK: &str = concat!(
    common!(),
    r#"while [ $# -gt 1 ]; do
    own=$(named "$1")
    if [ -e "$1" ]; then echo "in-place $1"; fi
    if holds "$2"; then echo "in-place $2"; fi
    for file in "$1.kept-by-failover" "$2.kept-by-failover"; do
        if [ -e "$file" ]; then echo "in-place $file"; fi
    done
    for file in "$own" "$own.line"; do
        if [ -e "$file" ]; then echo "aside $file"; fi
    done
    shift 2
done"#
);

/// Takes the secret away, and the line out of the script, as root. What was kept before stays, under another name.
pub const STASH: &str = concat!(
    common!(),
    each!(),
    r#"    if [ -e "$1" ]; then
        mv --backup=numbered -- "$1" "$own" && sync -- "$own" "${1%/*}" || exit 1
    fi
    if holds "$2"; then
        known "$2"
        new=$own.new.$$
        grep -aE "$line" -- "$2" >"$new" && sync -- "$new" && mv --backup=numbered -- "$new" "$own.line" || exit 1
        sync -- "$kept" || exit 1
        sed -E "s/($line).*/\1''/" -- "$2" >"$new" && replaces "$new" "$2" || exit 1
    fi
    shift 2
done
sync -- "$kept" || exit 1"#
);

/// Puts both back, as root. A secret that was made since stays, and so does a newer script: it gets the line.
pub const RESTORE: &str = concat!(
    common!(),
    each!(),
    r#"    if [ -e "$own" ]; then
        if [ -e "$1" ]; then
            mv --backup=numbered -- "$own" "$own.older" || exit 1
            # The line has the old one, too.
            if [ -e "$own.line" ]; then mv --backup=numbered -- "$own.line" "$own.line.older" || exit 1; fi
        else
            mv -- "$own" "$1" && sync -- "$1" "${1%/*}" || exit 1
        fi
    fi
    if [ -s "$own.line" ] && [ -e "$2" ]; then
        if holds "$2"; then
            mv --backup=numbered -- "$own.line" "$own.line.older" || exit 1
        else
            awk -v kept="$own.line" -v line="$line" '
                $0 ~ line { while ((getline text < kept) > 0) print text; next }
                { print }' "$2" >"$own.new.$$" && replaces "$own.new.$$" "$2" || exit 1
            if holds "$2"; then rm -f -- "$own.line" || exit 1; fi
        fi
    fi
    shift 2
done"#
);
