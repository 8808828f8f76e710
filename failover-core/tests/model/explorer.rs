//! Breadth first, so that what is found is the shortest way there. Time only goes on, so there are no circles: a path
//! that cannot go on has ended, and liveness is what holds there.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};

use crate::moves::{LAST, moves};
use crate::setting::Setting;
use crate::world::World;

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) states: usize,
    pub(crate) depth: usize,
    /// How the runs ended, and in how many worlds.
    pub(crate) ends: BTreeMap<String, usize>,
    /// Worlds that came to the last level before their runs ended: only where two faults, or runs one after the other, take so
    /// long.
    pub(crate) cut: usize,
    /// Worlds in the residue in which something was signed twice.
    pub(crate) doubled: usize,
    /// The shortest way to what does not hold.
    pub(crate) wrong: Option<(String, Vec<String>)>,
}

/// A fingerprint of all that a world is, by its `Debug`: no field can be forgotten.
fn fingerprint(world: &World, text: &mut String) -> u128 {
    text.clear();
    write!(text, "{world:?}").expect("it cannot fail");
    let of = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u8(salt);
        hasher.write(text.as_bytes());
        hasher.finish()
    };
    u128::from(of(0)) << 64 | u128::from(of(1))
}

/// Every world that can be reached, until something does not hold.
pub(crate) fn explore(setting: &Setting) -> Found {
    let first = World::new(setting);
    let mut text = String::new();
    let mut seen = HashSet::from([fingerprint(&first, &mut text)]);
    let mut ways: Vec<(usize, String, usize)> = vec![(0, String::new(), 0)];
    let mut queue = VecDeque::from([(first, 0)]);
    let mut found = Found { states: 0, depth: 0, ends: BTreeMap::new(), cut: 0, doubled: 0, wrong: None };
    while let Some((world, at)) = queue.pop_front() {
        found.states += 1;
        found.depth = found.depth.max(ways[at].2);
        found.doubled += usize::from(world.doubled);
        let mut wrong = world.wrong.clone();
        let next = if wrong.is_none() { moves(&world, setting) } else { Vec::new() };
        if next.is_empty() && wrong.is_none() {
            for run in &world.runs {
                *found.ends.entry(run.end.clone().unwrap_or_else(|| "no end".to_owned())).or_default() += 1;
            }
            // Whoever lies, or brings back what was fenced, may wait for ever.
            if !world.ended() && !world.false_word && !world.restored {
                match world.tip >= LAST && (setting.budget.faults > 1 || !setting.commands.is_empty()) {
                    true => found.cut += 1,
                    false => wrong = Some("liveness: the run does not end".to_owned()),
                }
            }
        }
        if let Some(wrong) = wrong {
            found.wrong = Some((wrong, way(&ways, at)));
            return found;
        }
        for (label, next) in next {
            if seen.insert(fingerprint(&next, &mut text)) {
                ways.push((at, label, ways[at].2 + 1));
                queue.push_back((next, ways.len() - 1));
            }
        }
    }
    found
}

/// The way to a world, blocks and waits in a row counted together.
fn way(ways: &[(usize, String, usize)], mut at: usize) -> Vec<String> {
    let mut labels = Vec::new();
    while at != 0 {
        labels.push(ways[at].1.clone());
        at = ways[at].0;
    }
    labels.reverse();
    let mut short: Vec<String> = Vec::new();
    let mut blocks = 0;
    for label in labels {
        match label.as_str() {
            "block" => blocks += 1,
            "wait" => {}
            _ => {
                if blocks > 0 {
                    short.push(format!("{blocks} blocks"));
                }
                blocks = 0;
                short.push(label);
            }
        }
    }
    if blocks > 0 {
        short.push(format!("{blocks} blocks"));
    }
    short
}
