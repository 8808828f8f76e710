//! The scripts by which a machine gets its job back (S13 (c)): one leaves a permit there, the other starts what bakes while
//! that permit is there.

/// Leaves a permit on a machine: `ROOT BAKER LOCK RUN HEAD TAIL OWN SECONDS HERE`. The permit's text is `HEAD`, the id of that
/// machine's boot, `TAIL`; `OWN` is the claim of an own run that may stand there, `-` none.
///
/// It answers as [`CLAIM`](super::CLAIM), and takes nothing away: a run that begins there takes this permit away.
pub const PERMIT: &str = concat!(
    r#"set -u
root=$1 baker=$1/$2 lock=$3 run=$4 head=$5 tail=$6 replace=$7 seconds=$8 here=$9
"#,
    common!(),
    r#"busy
mkdir -p -- "$baker/permits" "$baker/ended" "$baker/claims" || exit 1
exec 9>>"$root/effect.lock" || exit 1
flock -w "$seconds" 9 || say "busy $(first "$root/effect.lock")"
busy
standing
permit=$baker/permits/$run
if [ -e "$permit" ] || [ -e "$baker/ended/$run" ]; then
    echo "a permit of this run was made before" >&2
    exit 1
fi
printf '%s\n' "$head$boot$tail" >"$baker/permits/.$run.new" || exit 1
sync -- "$baker/permits/.$run.new" || exit 1
mv -f -- "$baker/permits/.$run.new" "$permit" || exit 1
sync -- "$baker/permits" || exit 1
[ "$(cat -- "$permit")" = "$head$boot$tail" ] || exit 1
say made"#
);

/// Gives a machine its job back while a permit is there:
/// `ROOT BAKER RUN SECONDS WRITE REMOVE FOLDER NAME TEXT BY USER LIMIT N BACK... N ASIDE... N START... STOP...`.
///
/// Under the effect lock: the permit is looked for; the guard's token is written by `WRITE` (`FOLDER` is `-`: nothing
/// looks for one there); kept secrets are put back by the `N` words of `BACK`; the permit is looked for; the words of
/// `START` are run, for `LIMIT` seconds at most; the permit is moved away, which shows that it still was there. Where
/// it is gone, all of it is taken back, by `REMOVE`, `ASIDE` and `STOP`. `USER` is `user` where start and stop are for
/// the user who called sudo, else `root`.
///
/// The permit's own files are reached by `command -p`, so that a simulated machine's programs, which come first in `PATH`, are
/// asked for what belongs to that machine alone.
pub const GIVE_BACK: &str = r#"set -u
root=$1 baker=$1/$2 run=$3 seconds=$4 write=$5 remove=$6 folder=$7 name=$8 text=$9
by=${10} user=${11} limit=${12}
shift 12
permit=$baker/permits/$run ended=$baker/ended/$run
boot=$(command -p cat -- /proc/sys/kernel/random/boot_id) || exit 1
say() { printf '%s\n' "$*"; exit 0; }
first() { head -c 4096 -- "$1" 2>/dev/null | head -n 1; }
gone() { say "gone $(first "$ended.by")"; }
valid() {
    case $(command -p cat -- "$permit" 2>/dev/null) in
        *"\"boot\":\"$boot\""*) [ -n "$boot" ] ;;
        *) false ;;
    esac
}
away() { command -p mv -f -- "$permit" "$ended" 2>/dev/null && printf '%s\n' "$by" >"$ended.by"; }
lift() { [ "$folder" = - ] || sh -c "$write" failover-guard "$folder" "$name" "$text" 9>&-; }
guard() { [ "$folder" = - ] || sh -c "$remove" failover-guard "$folder/$name" 9>&-; }
words() {
    count=$1
    shift
    rest=$(($# - count))
    while [ "$count" -gt 0 ]; do
        set -- "$@" "$1"
        shift
        count=$((count - 1))
    done
    shift "$rest"
    if [ "$as" = user ] && [ -n "${SUDO_USER:-}" ]; then set -- sudo -n -H -u "$SUDO_USER" -- "$@"; fi
    timeout -k 5 "$limit" "$@" </dev/null >&2 9>&-
}
back() {
    as=root
    [ "$1" = 0 ] || words "$@"
}
aside() {
    as=root
    shift "$(($1 + 1))"
    [ "$1" = 0 ] || words "$@" 2>/dev/null
}
start() {
    as=$user
    shift "$(($1 + 1))"
    shift "$(($1 + 1))"
    words "$@"
}
stop() {
    as=$user
    shift "$(($1 + 1))"
    shift "$(($1 + 1))"
    shift "$(($1 + 1))"
    words "$#" "$@"
}
[ -d "$baker/permits" ] || gone
exec 9>>"$root/effect.lock" || exit 1
flock -w "$seconds" 9 || say "busy $(first "$root/effect.lock")"
valid || gone
printf '%s (process %s)\n' "$by" "$$" >"$root/effect.lock"
lift
code=$? what=guard
if [ "$code" = 0 ]; then
    back "$@"
    code=$? what=secret
fi
if [ "$code" != 0 ] || ! valid; then
    guard
    aside "$@"
    : >"$root/effect.lock"
    if [ "$code" != 0 ] && away; then say "failed $code $what"; fi
    gone
fi
start "$@"
code=$?
: >"$root/effect.lock"
if valid && away; then
    [ "$code" = 0 ] || say "failed $code start"
    say started
fi
guard
stop "$@"
aside "$@"
gone"#;

/// What the output of [`GIVE_BACK`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// The start's command ended with 0, and the permit was there until then.
    Started,
    /// The permit was not there, or was taken away meanwhile.
    Gone {
        /// By whom, where that was written down.
        by: Option<String>,
    },
    /// Another effect is under way there: nothing was touched.
    Busy {
        /// Whose.
        holder: String,
    },
    /// A part of it failed.
    Failed {
        /// Its exit code.
        code: i32,
        /// Which: `guard`, `secret` or `start`.
        what: String,
    },
}

/// Reads the last line; an error, in words: unknown.
pub(crate) fn said(stdout: &str) -> Result<Said, String> {
    let line = stdout.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let shown: String = rest.chars().filter(|c| !c.is_control()).take(300).collect();
    let failed = rest.split_once(' ').and_then(|(code, what)| Some((code.parse().ok()?, what.to_owned())));
    match (word, failed) {
        ("started", None) if rest.is_empty() => Ok(Said::Started),
        ("gone", _) => Ok(Said::Gone { by: (!shown.is_empty()).then_some(shown) }),
        ("busy", _) => Ok(Said::Busy { holder: shown }),
        ("failed", Some((code, what))) => Ok(Said::Failed { code, what }),
        _ => Err(format!("the start said {:?}", line.chars().take(100).collect::<String>())),
    }
}
