//! Votes of one kind in one block: where they must be, and whether they are all there.

use super::operation::{Content, Fields, Receipt};
use super::votes::Votes;
use crate::chain::block::Recorded;
use crate::tezos::Position;

/// The votes of one kind in one block.
#[derive(Debug)]
pub(super) struct Tally {
    /// Where every vote of this kind in this block must be; `None` where the block can hold none.
    expected: Option<Position>,
    votes: Votes,
}

impl Tally {
    pub(super) fn new(expected: Option<Position>) -> Self {
        Self { expected, votes: Votes::default() }
    }

    /// Did the baker vote?
    pub(super) const fn found(&self) -> bool {
        self.votes.found
    }

    /// One vote of one baker.
    pub(super) fn single(&mut self, name: &str, content: Content) -> Result<(), String> {
        self.placed(content.level.zip(content.round), name)?;
        let fields = receipt(name, content.receipt)?;
        if fields.delegate.is_none() {
            return Err(format!("{name} without a delegate"));
        }
        self.votes.add(fields.delegate, fields.power);
        Ok(())
    }

    /// The votes of all tz4 bakers.
    pub(super) fn aggregate(&mut self, name: &str, content: Content) -> Result<(), String> {
        self.placed(content.aggregate_at, name)?;
        let fields = receipt(name, content.receipt)?;
        let members = fields.members.ok_or_else(|| format!("{name} without the committee's bakers"))?;
        // Who voted counts, whatever else of the votes cannot be read (S8).
        self.votes.found |= members.found;
        let slots = content.slots.ok_or_else(|| format!("{name} without a committee"))?;
        if slots != members.count || members.count == 0 {
            return Err(format!("{name} with {slots} slots and {} bakers", members.count));
        }
        let sum = members.sum()?;
        let total = fields.total.or(fields.power).ok_or_else(|| format!("{name} without its power"))?;
        if members.slots != total.slots || sum != total.baking.unwrap_or(total.slots) {
            return Err(format!("{name} whose bakers' power is not its total"));
        }
        self.votes.add_all(&members);
        Ok(())
    }

    /// Is the power of all votes the one that the block recorded?
    ///
    /// `before_024`: the block's protocol records none.
    pub(super) fn complete(&self, recorded: Recorded, before_024: bool, name: &str) -> Result<(), String> {
        let sum = self.votes.sum()?;
        let recorded = match recorded {
            Recorded::Absent if before_024 => return Ok(()),
            Recorded::Absent => return Err(format!("the metadata does not say how much power its {name} have")),
            Recorded::None => 0,
            Recorded::Power(power) => power,
        };
        if sum == recorded {
            return Ok(());
        }
        let count = self.votes.count;
        Err(format!("its {count} {name} have a power of {sum}, but the metadata records {recorded}"))
    }

    fn placed(&self, at: Option<(u64, u64)>, name: &str) -> Result<(), String> {
        let Some((level, round)) = at else {
            return Err(format!("{name} without its level and round"));
        };
        match self.expected {
            Some(at) if at.level.get() == level && u64::from(at.round.0) == round => Ok(()),
            Some(at) => Err(format!("{name} for level {level}, round {round}, where only {at:#} can be")),
            None => Err(format!("{name} in a block that can have none")),
        }
    }
}

fn receipt(name: &str, receipt: Receipt) -> Result<Fields, String> {
    match receipt {
        Receipt::Of(fields) => Ok(fields),
        Receipt::Missing => Err(format!("{name} without metadata: the node has pruned it")),
        Receipt::Instead(text) => Err(format!("{name} with {text:?} in place of its metadata")),
        Receipt::Other => Err(format!("{name} with something that is not an operation's metadata in its place")),
    }
}
