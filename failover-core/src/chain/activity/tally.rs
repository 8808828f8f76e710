//! Votes of one kind in one block: where they must be, and how much power they have together.

use super::operation::{Content, Fields, Power, Receipt};
use crate::chain::octez::Recorded;
use crate::tezos::Position;

/// The votes of one kind in one block, counted for completeness, with the one baker's noted.
#[derive(Debug)]
pub(super) struct Tally<'b> {
    /// The baker whose votes are looked for, as text.
    baker: &'b str,
    /// Where every vote of this kind in this block must be; `None` where the block can hold none.
    expected: Option<Position>,
    /// Did the baker vote?
    pub(super) found: bool,
    /// How many votes there are.
    votes: usize,
    /// Votes whose power is in baking power; else it is in slots.
    in_baking_power: usize,
    /// Protocol 024 and later write the power as an object even where all bakers do not attest.
    slots: u128,
    baking: u128,
}

impl<'b> Tally<'b> {
    pub(super) const fn new(baker: &'b str, expected: Option<Position>) -> Self {
        Self { baker, expected, found: false, votes: 0, in_baking_power: 0, slots: 0, baking: 0 }
    }

    /// One vote of one baker.
    pub(super) fn single(&mut self, content: &Content<'_>) -> Result<(), String> {
        self.placed(content.level, content.round, content.kind)?;
        let fields = receipt(content)?;
        let delegate = fields.delegate.ok_or_else(|| format!("{} without a delegate", content.kind))?;
        // Who voted counts, whatever else of the vote cannot be read (S8).
        self.found |= delegate == self.baker;
        let power = fields.consensus_power.ok_or_else(|| format!("{} without its power", content.kind))?;
        self.add(delegate, power)
    }

    /// The votes of all tz4 bakers.
    pub(super) fn aggregate(&mut self, content: &Content<'_>) -> Result<(), String> {
        let kind = content.kind;
        let at = content.consensus_content.ok_or_else(|| format!("{kind} without its level and round"))?;
        self.placed(Some(at.level), Some(at.round), kind)?;
        let slots = content.committee.as_ref().ok_or_else(|| format!("{kind} without a committee"))?;
        let fields = receipt(content)?;
        let members = fields.committee.as_ref().ok_or_else(|| format!("{kind} without the committee's bakers"))?;
        self.found |= members.iter().any(|member| member.delegate == self.baker);
        if slots.len() != members.len() || members.is_empty() {
            return Err(format!("{kind} with {} slots and {} bakers", slots.len(), members.len()));
        }
        let mut own = Tally::new(self.baker, self.expected);
        for member in members {
            own.add(member.delegate, member.consensus_power)?;
        }
        let total = fields.total_consensus_power.or(fields.consensus_power);
        let total = total.ok_or_else(|| format!("{kind} without its power"))?;
        if own.slots != total.slots || own.sum()? != total.baking.unwrap_or(total.slots) {
            return Err(format!("{kind} whose bakers' power is not its total"));
        }
        self.votes = self.votes.saturating_add(own.votes);
        self.in_baking_power = self.in_baking_power.saturating_add(own.in_baking_power);
        self.slots = plus(self.slots, own.slots)?;
        self.baking = plus(self.baking, own.baking)?;
        Ok(())
    }

    /// Is the power of all votes the one that the block recorded?
    ///
    /// `before_024`: the block's protocol records none.
    pub(super) fn complete(&self, recorded: Recorded, before_024: bool, name: &str) -> Result<(), String> {
        let recorded = match recorded {
            Recorded::Absent if before_024 => return Ok(()),
            Recorded::Absent => return Err(format!("the metadata does not say how much power its {name} have")),
            Recorded::None => 0,
            Recorded::Power(power) => power,
        };
        let sum = self.sum()?;
        if sum == recorded {
            return Ok(());
        }
        Err(format!("its {} {name} have a power of {sum}, but the metadata records {recorded}", self.votes))
    }

    fn sum(&self) -> Result<u128, String> {
        match self.in_baking_power {
            0 => Ok(self.slots),
            all if all == self.votes => Ok(self.baking),
            some => Err(format!("{some} of {} votes have baking power, the others not", self.votes)),
        }
    }

    fn placed(&self, level: Option<u64>, round: Option<u32>, kind: &str) -> Result<(), String> {
        let (Some(level), Some(round)) = (level, round) else {
            return Err(format!("{kind} without its level and round"));
        };
        match self.expected {
            Some(at) if at.level.get() == level && at.round.0 == round => Ok(()),
            Some(at) => Err(format!("{kind} for level {level}, round {round}, where only {at} can be")),
            None => Err(format!("{kind} in a block that can have none")),
        }
    }

    fn add(&mut self, delegate: &str, power: Power) -> Result<(), String> {
        // The checksum is not looked at: an address that is not the baker's own text is not the baker's.
        if delegate.len() != 36 || !delegate.starts_with("tz") {
            return Err(format!("a vote of {delegate:.40?}, which is no baker's address"));
        }
        self.found |= delegate == self.baker;
        self.votes = self.votes.saturating_add(1);
        self.slots = plus(self.slots, power.slots)?;
        if let Some(baking) = power.baking {
            self.in_baking_power = self.in_baking_power.saturating_add(1);
            self.baking = plus(self.baking, baking)?;
        }
        Ok(())
    }
}

fn plus(a: u128, b: u128) -> Result<u128, String> {
    a.checked_add(b).ok_or_else(|| "a power past 128 bits".to_owned())
}

fn receipt<'c, 'a>(content: &'c Content<'a>) -> Result<&'c Fields<'a>, String> {
    match &content.metadata {
        Receipt::Of(fields) => Ok(fields),
        Receipt::Missing => Err(format!("{} without metadata: the node has pruned it", content.kind)),
        Receipt::Instead(text) => Err(format!("{} with {text:?} in place of its metadata", content.kind)),
    }
}
