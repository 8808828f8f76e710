//! A note as a person reads it.

use std::fmt;

use failover_core::watch::{Note, Role, Trouble};

/// A note as a person reads it.
pub(super) struct Told<'a>(pub(super) &'a Note);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Note::Watch { baker, role, why, plan, from, floor, .. } => {
                match role {
                    Role::Baker => write!(f, "Watching {baker}: this machine bakes ({why})")?,
                    Role::Sentinel => return write!(f, "Watching {baker}: this machine stands by ({why})"),
                }
                if let (Some(plan), Some(floor)) = (plan, floor) {
                    write!(f, "; after the run {plan}, floor {floor}")?;
                }
                write!(f, ". From {from} on, whatever its device did not sign stops it")
            }
            Note::Missed { level, in_a_row, role, next } => {
                let whose = match role {
                    Role::Baker => "this machine",
                    Role::Sentinel => "the primary",
                };
                write!(f, "{whose} signed nothing at {level}, {in_a_row} in a row with rights")?;
                next.as_ref().map_or(Ok(()), |next| write!(f, ": {next}"))
            }
            Note::Signs { level, after } => write!(f, "signed again at {level}, after {after} missed"),
            Note::Trouble { what, why, next, seconds } => {
                write!(f, "{}: {why}", named(*what))?;
                if *seconds > 0 {
                    write!(f, " (for {seconds} s)")?;
                }
                write!(f, ". {next}")
            }
            Note::Over { what, seconds } => write!(f, "{}: recovered after {seconds} s", named(*what)),
            Note::Unjudged { from, to, why } => write!(f, "levels {from} to {to} were not judged: {why}"),
            Note::Alive { head, levels, with_rights, missed } => {
                write!(f, "watching; head {head}; {levels} levels read, {with_rights} with rights, {missed} missed")
            }
            Note::Hook { hook, why, next } => write!(f, "hook {hook}: {why}. {next}"),
            Note::PerhapsTwice { signed } => {
                write!(f, "The device here signed these too; whether the other machine did, its marks cannot tell:")?;
                signed.iter().try_for_each(|s| write!(f, "\n    {} {} seen in {}", s.kind, s.at, s.seen_in))
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
