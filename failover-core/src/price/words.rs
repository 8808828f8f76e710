//! The price in three lines, for a person.

use std::time::Duration;

use super::{Coming, FORBIDDEN_CYCLES, Known, Price, Twice, WaitingPrice};
use crate::clock::Timestamp;
use crate::facts::Unknown;
use crate::tezos::Mutez;

impl Price {
    /// Three lines: what waiting costs, what is ahead and skipped, what signing twice costs. What is not known is said
    /// with its reason, in one line where the reason is the same.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { at, waiting, coming, twice } = self;
        let ahead = match coming {
            Known::Known(coming) => ahead(coming, *at),
            Known::Unknown(why) => not_known("which own blocks and votes come next", why),
        };
        match (waiting, twice) {
            (Known::Unknown(one), Known::Unknown(other)) if one == other => match coming {
                Known::Unknown(third) if third == one => vec![not_known("what waiting and signing twice cost", one)],
                _ => vec![not_known("what waiting and signing twice cost", one), ahead],
            },
            _ => {
                let waiting = match waiting {
                    Known::Known(waiting) => wait(waiting),
                    Known::Unknown(why) => not_known("what waiting costs", why),
                };
                let twice = match twice {
                    Known::Known(twice) => sign_twice(twice),
                    Known::Unknown(why) => not_known("what signing twice costs", why),
                };
                vec![waiting, ahead, twice]
            }
        }
    }
}

fn not_known(what: &str, why: &Unknown) -> String {
    format!("{what} is not known: {why}")
}

fn wait(waiting: &WaitingPrice) -> String {
    let blocks = waiting.blocks_a_minute.about();
    match waiting.votes {
        None if waiting.blocks_a_minute == Mutez::ZERO => "waiting costs nothing: no rights in this cycle".to_owned(),
        None => format!("waiting costs {blocks} a minute, and no votes"),
        Some(votes) if votes.lost_already => {
            format!("waiting costs {blocks} a minute; this cycle's votes are lost already")
        }
        Some(votes) => {
            let free = lasting(Duration::from_secs(votes.free_seconds));
            format!("waiting costs {blocks} a minute, and {} of votes after {free}", votes.a_cycle.about())
        }
    }
}

fn ahead(coming: &Coming, now: Timestamp) -> String {
    let next = match &coming.next {
        None => format!("no own block up to {:#}", coming.until),
        Some(next) => {
            let round = match next.position.round.0 {
                0 => String::new(),
                round => format!(" (round {round})"),
            };
            let due = match next.at.since(now) {
                Duration::ZERO => "now".to_owned(),
                left => format!("in {}", lasting(left)),
            };
            format!("next own block {:#}{round} {due}", next.position.level)
        }
    };
    let skipped = [(coming.skipped_blocks, "block"), (coming.skipped_votes, "vote")].map(|(count, what)| match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    });
    format!("{next}; the margin skips {}", skipped.join(" and "))
}

fn sign_twice(twice: &Twice) -> String {
    let Twice { block, votes, forbidden, .. } = twice;
    // The unit once: the line is narrow.
    let (votes, forbidden) = (votes.about(), forbidden.about());
    let [votes, forbidden] = [&votes, &forbidden].map(|amount| amount.trim_end_matches(" tez"));
    let block = block.about();
    format!("signing twice costs {block} a block, {votes} a vote, and {FORBIDDEN_CYCLES} cycles' {forbidden}")
}

/// In two units at most: seconds up to some minutes, minutes up to a day, then hours.
fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    let unit = match seconds {
        0..600 => 1,
        600..86_400 => 60,
        _ => 3600,
    };
    humantime::format_duration(Duration::from_secs(seconds / unit * unit)).to_string()
}
