//! The scripts for another machine: what claims it, what gives it its job back, and what they answer. POSIX `sh` with
//! util-linux' `flock` and coreutils, as Debian 11 and later have them; run as root there.

use super::{Claim, ClaimAnswer};

/// What speaks against touching a machine: with `root`, `baker`, `lock`, `run`, `replace` and `here` set, it says so and ends, or
/// leaves `say`, `first`, `busy`, `standing` and `boot` behind. `busy` is for each script to ask first.
macro_rules! common {
    () => {
        r#"umask 077
say() { printf '%s\n' "$*"; exit 0; }
first() { head -c 4096 -- "$1" 2>/dev/null | head -n 1; }
busy() {
    inode=$(stat -c %i -- "$lock" 2>/dev/null) || return 0
    # A file on another device may have the same number: then this one can be locked.
    if grep -q "FLOCK .*:$inode " /proc/locks && ! flock -n -s "$lock" true; then say "run $(first "$lock")"; fi
}
standing() {
    for file in "$baker/claims/"*; do
        [ -e "$file" ] || continue
        name=${file##*/}
        [ "$name" = "$run" ] || [ "$name" = "$replace" ] || say "claimed $(first "$file")"
    done
}
boot=$(cat /proc/sys/kernel/random/boot_id)
if [ "$(cat -- "$root/here" 2>/dev/null)" = "$here $boot" ]; then say itself; fi
version=$(failover --version 2>/dev/null)
case $version in 'failover 0.1.'*) say "older $version" ;; esac
command -v flock >/dev/null || say 'unasked there is no flock (util-linux) there'
"#
    };
}

mod give_back;

pub use give_back::{GIVE_BACK, PERMIT};
pub(crate) use give_back::{Said, said};

/// The script's name in the list of processes.
pub const NAME: &str = "failover-permit";

/// Claims a machine: `ROOT BAKER LOCK RUN CLAIM REPLACE ASKED SECONDS BY HERE`, where `-` is none and 0 seconds mean a look that
/// changes nothing.
///
/// The machine that this run lives on, a run that is going on there, an effect under way, another run's claim, or a
/// failover that knows no permits: it says so and touches nothing. A look says too whether this run's own claim stands there:
/// then a run that begins there is kept out by it. Else, under the effect lock, every permit is taken away,
/// the claim written and read back. Its last line says what came of it; without one nothing is known.
pub const CLAIM: &str = concat!(
    r#"set -u
root=$1 baker=$1/$2 lock=$3 run=$4 claim=$5 replace=$6 asked=$7 seconds=$8 by=$9 here=${10}
"#,
    common!(),
    r#"end() {
    if [ "$asked" = - ]; then say "$1"; fi
    if [ -e "$baker/ended/$asked" ] && ! [ -e "$baker/permits/$asked" ]; then say "$1 over"; fi
    say "$1 open"
}
if [ "$seconds" = 0 ]; then
    if [ -e "$baker/claims/$run" ]; then
        standing
        end stands
    fi
    busy
    standing
    end free
fi
busy
mkdir -p -- "$baker/permits" "$baker/ended" "$baker/claims" || exit 1
exec 9>>"$root/effect.lock" || exit 1
flock -w "$seconds" 9 || say "busy $(first "$root/effect.lock")"
busy
standing
for file in "$baker/permits/"*; do
    [ -e "$file" ] || continue
    name=${file##*/}
    mv -f -- "$file" "$baker/ended/$name" 2>/dev/null || rm -f -- "$file" || exit 1
    printf '%s\n' "$by" >"$baker/ended/$name.by"
    if [ -e "$file" ]; then exit 1; fi
done
if [ "$replace" != - ]; then rm -f -- "$baker/claims/$replace" || exit 1; fi
printf '%s\n' "$claim" >"$baker/claims/.new" || exit 1
sync -- "$baker/claims/.new" || exit 1
mv -f -- "$baker/claims/.new" "$baker/claims/$run" || exit 1
sync -- "$baker/claims" "$baker/permits" || exit 1
[ "$(cat -- "$baker/claims/$run")" = "$claim" ] || exit 1
end made"#
);

/// What the script's output says; an error, in words: unknown.
pub(crate) fn answer(stdout: &str) -> Result<ClaimAnswer, String> {
    let line = stdout.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    let shown = || rest.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
    Ok(match word {
        "made" => ClaimAnswer::Made { over: over(rest)? },
        "free" => ClaimAnswer::Free { over: over(rest)? },
        "stands" => ClaimAnswer::Stands { over: over(rest)? },
        "itself" => ClaimAnswer::Itself,
        "run" => ClaimAnswer::RunThere { holder: shown() },
        "busy" => ClaimAnswer::Busy { holder: shown() },
        "claimed" => ClaimAnswer::Claimed {
            by: Claim::parse(rest).map_err(|why| format!("the claim that stands there cannot be understood: {why}"))?,
        },
        "older" => ClaimAnswer::Older { version: shown() },
        "unasked" => ClaimAnswer::Unasked { why: shown() },
        _ => return Err(format!("the claim said {:?}", line.chars().take(100).collect::<String>())),
    })
}

fn over(rest: &str) -> Result<Option<bool>, String> {
    match rest {
        "" => Ok(None),
        "over" => Ok(Some(true)),
        "open" => Ok(Some(false)),
        other => Err(format!("the claim ended with {other:?}")),
    }
}
