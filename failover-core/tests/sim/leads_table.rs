//! What a last line asks for. A line that no row knows fails the test that follows them, so that no new one is forgotten.

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    Run,
    Resume,
    StandDown,
    Return,
    StandDownThenReturn,
    /// The backup's signer is pulled out, then `return`.
    UnplugAndReturn,
    /// The other run is stood down, then a run here.
    OnOneMachine,
    /// `standby` on the other machine, then a run there.
    StandbyThere,
    /// Node, sources, connections, programs; then a run.
    Mend,
    MendAndResume,
    SetClock,
    ChainMoves,
    /// The primary's signer is pulled out, then a run.
    Fence,
    SwitchOff,
    /// Nobody can: a run half an hour later, and the risk is taken.
    Later,
    Source,
    Without,
    Margin,
    Check,
    Setting,
    ClaimOver,
    UnplugAndClear,
    OtherEnds,
    /// Another signer, a key, a card: a person at the hardware.
    Hardware,
    /// The chain has to go on, or nobody can help.
    Chain,
    /// This machine bakes: it is for another one.
    Elsewhere,
}

/// A line has each of these that is in it as an option, in this order; with `^` where it begins so.
const ROWS: &[(&str, Do)] = &[
    ("^run `failover resume`", Do::Resume),
    ("or `failover stand-down`", Do::StandDown),
    ("mend it and run `failover resume`", Do::MendAndResume),
    ("mend it and run again", Do::Mend),
    ("let the other run end, or end it and run `failover resume`", Do::OtherEnds),
    ("^on one machine only: `failover run`", Do::OnOneMachine),
    ("`failover run --confirm-claim-over ", Do::ClaimOver),
    ("`failover run` starts over", Do::Run),
    ("^run `failover run`", Do::Run),
    ("nothing more was done; run again when ready", Do::Run),
    ("`failover run` here bakes on this machine", Do::Run),
    ("`failover standby` on the primary, then `failover run` there", Do::StandbyThere),
    ("run `failover stand-down`, then `failover return` again", Do::StandDownThenReturn),
    ("^unplug the backup's signer: it could not be read back", Do::UnplugAndReturn),
    ("unplug this machine's signer and run `failover return", Do::UnplugAndReturn),
    ("^unplug the primary's signer or switch the machine off, then run again", Do::Fence),
    ("If nobody can, run again in half an hour", Do::Later),
    ("wait until the node is synced, then run again", Do::Mend),
    ("compare both with an explorer", Do::Mend),
    ("^wait until the node has caught up", Do::Mend),
    ("wait for the node or the sources", Do::Mend),
    ("run again with one source that is right", Do::Mend),
    ("configure another source", Do::Source),
    ("find out which source says so", Do::Mend),
    ("run again with --without ", Do::Without),
    ("^set this machine's clock", Do::SetClock),
    ("^try again; if it stays, update failover", Do::Mend),
    ("use the own node on loopback, or allow this RPC", Do::Mend),
    ("start the node, or correct its URL", Do::Mend),
    ("correct `node` or `network`", Do::Mend),
    ("stop the process that holds the device, then run again", Do::Mend),
    ("wait two minutes, then run again", Do::ChainMoves),
    ("until the chain moves; then run again", Do::ChainMoves),
    ("find out which machine answers there; then run `failover check`", Do::Check),
    ("find out which machine answers there, and switch the right one off", Do::SwitchOff),
    ("run again with a margin of 10", Do::Margin),
    ("enable \"High Watermark\" in the app's settings, then run again", Do::Setting),
    ("the backup stays stopped until `failover clear`", Do::UnplugAndClear),
    ("give the primary its job back with `failover return`", Do::Return),
    ("run again when the baker has rights", Do::Chain),
    ("a failover cannot help", Do::Chain),
    ("plug in the signer that has this key", Do::Hardware),
    ("plug in another backup's signer", Do::Hardware),
    ("import the key for the baker's client here", Do::Hardware),
    ("wait for the key change", Do::Chain),
    ("run `failover run` on the machine that takes over", Do::Elsewhere),
];

/// What a line offers.
pub(crate) fn options(line: &str) -> Vec<Do> {
    let says = |pattern: &str| match pattern.strip_prefix('^') {
        Some(begins) => line.starts_with(begins),
        None => line.contains(pattern),
    };
    ROWS.iter().filter(|(pattern, _)| says(pattern)).map(|(_, what)| *what).collect()
}
