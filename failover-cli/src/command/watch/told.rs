//! A note as a person reads it.

use std::fmt;

use failover_core::watch::{Finding, Trouble, WatchRole};

/// A note as a person reads it.
pub(super) struct Told<'a>(pub(super) &'a Finding);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Finding::Watch { baker, role, why, plan, from, floor, .. } => {
                match role {
                    WatchRole::Baker => write!(f, "Watching {baker}: this machine bakes ({why})")?,
                    WatchRole::Sentinel => return write!(f, "Watching {baker}: this machine stands by ({why})"),
                }
                if let (Some(plan), Some(floor)) = (plan, floor) {
                    write!(f, "; after the run {plan}, floor {floor:#}")?;
                }
                write!(f, ". From {from:#} on, whatever its device did not sign stops it")
            }
            Finding::Missed { level, in_a_row, role, next } => {
                let whose = match role {
                    WatchRole::Baker => "this machine",
                    WatchRole::Sentinel => "the primary",
                };
                write!(f, "{whose} signed nothing at {level:#}, {in_a_row} in a row with rights")?;
                next.as_ref().map_or(Ok(()), |next| write!(f, ": {next}"))
            }
            Finding::Signs { level, after } => write!(f, "signed again at {level:#}, after {after} missed"),
            Finding::Trouble { what, why, next, seconds } => {
                write!(f, "{}: {why}", named(*what))?;
                if *seconds > 0 {
                    write!(f, " (for {seconds} s)")?;
                }
                write!(f, ". {next}")
            }
            Finding::Over { what, seconds } => write!(f, "{}: recovered after {seconds} s", named(*what)),
            Finding::Unjudged { from, to, why } => write!(f, "levels {from:#} to {to:#} were not judged: {why}"),
            Finding::Alive { head, levels, with_rights, missed } => {
                write!(f, "watching; head {head:#}; {levels} levels read, {with_rights} with rights, {missed} missed")
            }
            Finding::Hook { hook, why, next } => write!(f, "hook {hook}: {why}. {next}"),
            Finding::PerhapsTwice { signed } => {
                write!(f, "The device here signed these too; whether the other machine did, its marks cannot tell:")?;
                signed.iter().try_for_each(|s| write!(f, "\n    {} {:#} seen in {}", s.kind, s.at, s.seen_in))
            }
            _ => f.write_str("a record that this version does not know"),
        }
    }
}

pub(super) const fn named(what: Trouble) -> &'static str {
    match what {
        Trouble::Chain => "CHAIN",
        Trouble::Blocks => "BLOCKS",
        Trouble::Mempool => "MEMPOOL",
        Trouble::Signer => "SIGNER",
        Trouble::Services => "SERVICES",
        Trouble::Standing => "BAKER",
        Trouble::Guard => "GUARD",
        Trouble::Ready => "NOT READY",
        Trouble::State => "STATE",
        Trouble::Rumour => "RUMOUR",
        _ => "TROUBLE",
    }
}
