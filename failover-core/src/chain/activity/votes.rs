//! The power of votes, added up.

use crate::chain::scan::{Fault, Scanner};

/// Is a vote's delegate the baker? An error where it is no address.
pub(super) type Ours = Result<bool, String>;

/// The power of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Power {
    /// How many slots of the committee.
    pub(super) slots: u128,
    /// Baking power, where all bakers attest.
    pub(super) baking: Option<u128>,
}

impl Power {
    /// A number of slots (protocols 019 to 023), or slots and baking power (since 024); `None` past anything else.
    pub(super) fn read(json: &mut Scanner<'_>) -> Result<Option<Self>, Fault> {
        if json.kind()? != b'{' {
            return Ok(json.number()?.map(|slots| Self { slots: slots.into(), baking: None }));
        }
        let (mut slots, mut baking) = (None, None);
        let Some(mut members) = json.object()? else { return Ok(None) };
        while json.next(&mut members)? {
            match json.name(|name| (name == b"slots", name == b"baking_power"))? {
                (true, _) => slots = whole(json)?,
                // `null` is said where not all bakers attest; a field that is not there is another shape.
                (_, true) if json.null()? => baking = Some(None),
                (_, true) => baking = whole(json)?.map(Some),
                _ => json.skip()?,
            }
        }
        Ok(slots.zip(baking).map(|(slots, baking)| Self { slots, baking }))
    }
}

/// A number as Octez writes it: small ones as JSON numbers, 64-bit ones as decimal strings.
fn whole(json: &mut Scanner<'_>) -> Result<Option<u128>, Fault> {
    if json.kind()? == b'"' {
        return Ok(json.text(digits)?.flatten());
    }
    Ok(json.number()?.map(u128::from))
}

fn digits(text: &[u8]) -> Option<u128> {
    // Two halves of 64 bits, because multiplying 128 is slow, and no true power is longer.
    let half = |text: &[u8]| {
        text.iter().try_fold(0_u64, |n, byte| {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 { None } else { n.checked_mul(10)?.checked_add(u64::from(digit)) }
        })
    };
    let (high, low) = text.split_at_checked(text.len().saturating_sub(19)).filter(|_| !text.is_empty())?;
    u128::from(half(high)?).checked_mul(10_u128.pow(19))?.checked_add(half(low)?.into())
}

/// Votes of one kind, counted for completeness, with the one baker's noted.
#[derive(Debug, Default)]
pub(super) struct Votes {
    /// Did the baker vote?
    pub(super) found: bool,
    /// How many votes there are.
    pub(super) count: usize,
    /// Votes whose power is in baking power; else it is in slots.
    in_baking_power: usize,
    /// Protocol 024 and later write the power as an object even where all bakers do not attest.
    pub(super) slots: u128,
    baking: u128,
    /// The first thing that was wrong with any of them.
    wrong: Option<String>,
}

impl Votes {
    /// Adds one, whose delegate is ours or not. Who voted counts, whatever else of the vote cannot be read (S8).
    pub(super) fn add(&mut self, delegate: Option<Ours>, power: Option<Power>) {
        self.count = self.count.saturating_add(1);
        match delegate {
            Some(Ok(ours)) => self.found |= ours,
            Some(Err(why)) => self.is_wrong(|| why),
            None => self.is_wrong(|| "a vote without a delegate".to_owned()),
        }
        let Some(power) = power else {
            let shape = "a vote whose power is neither a number of slots nor slots and baking power in digits";
            return self.is_wrong(|| shape.to_owned());
        };
        self.plus(power.slots, power.baking);
    }

    /// Adds those of an aggregate, of which nothing was wrong.
    pub(super) fn add_all(&mut self, votes: &Self) {
        self.count = self.count.saturating_add(votes.count);
        self.in_baking_power = self.in_baking_power.saturating_add(votes.in_baking_power);
        self.plus(votes.slots, None);
        match self.baking.checked_add(votes.baking) {
            Some(sum) => self.baking = sum,
            None => self.is_wrong(|| "a power past 128 bits".to_owned()),
        }
    }

    fn plus(&mut self, slots: u128, baking: Option<u128>) {
        self.in_baking_power = self.in_baking_power.saturating_add(usize::from(baking.is_some()));
        match (self.slots.checked_add(slots), self.baking.checked_add(baking.unwrap_or(0))) {
            (Some(slots), Some(baking)) => (self.slots, self.baking) = (slots, baking),
            _ => self.is_wrong(|| "a power past 128 bits".to_owned()),
        }
    }

    #[cold]
    fn is_wrong(&mut self, why: impl FnOnce() -> String) {
        self.wrong.get_or_insert_with(why);
    }

    /// Their power together: baking power, where all have it.
    pub(super) fn sum(&self) -> Result<u128, String> {
        if let Some(why) = &self.wrong {
            return Err(why.clone());
        }
        match self.in_baking_power {
            0 => Ok(self.slots),
            all if all == self.count => Ok(self.baking),
            some => Err(format!("{some} of {} votes have baking power, the others not", self.count)),
        }
    }
}
