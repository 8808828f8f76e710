//! One consensus operation's contents, read as they come.
//!
//! Only what a tally needs is kept, and nothing is kept of a vote once it is counted, so that a block costs the same
//! however many voted. A vote's delegate is compared as text, because decoding every address would cost more than
//! reading the block. What has another shape than it should is as if it were not there, and the tally says so.

use super::votes::{Ours, Power, Votes};
use crate::chain::scan::{Fault, Scanner};
use crate::chain::text::clipped;

/// What an operation is by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Attestation,
    AttestationWithDal,
    AttestationsAggregate,
    Preattestation,
    PreattestationsAggregate,
    /// Whatever it says there.
    Unknown(String),
}

impl Named {
    fn of(name: &[u8]) -> Self {
        match name {
            b"attestation" => Self::Attestation,
            b"attestation_with_dal" => Self::AttestationWithDal,
            b"attestations_aggregate" => Self::AttestationsAggregate,
            b"preattestation" => Self::Preattestation,
            b"preattestations_aggregate" => Self::PreattestationsAggregate,
            other => Self::Unknown(clipped(&String::from_utf8_lossy(other), 40)),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Attestation => "attestation",
            Self::AttestationWithDal => "attestation_with_dal",
            Self::AttestationsAggregate => "attestations_aggregate",
            Self::Preattestation => "preattestation",
            Self::PreattestationsAggregate => "preattestations_aggregate",
            Self::Unknown(name) => name,
        }
    }
}

/// What an operation says; which fields are there depends on its kind.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) named: Option<Named>,
    /// Where it votes: an aggregate's are in its `consensus_content`.
    pub(super) level: Option<u64>,
    pub(super) round: Option<u64>,
    pub(super) aggregate_at: Option<(u64, u64)>,
    /// How many slots an aggregate has, `{"slot":0}` or plain numbers.
    pub(super) slots: Option<usize>,
    pub(super) receipt: Receipt,
    /// A field that is there twice: which of them counts?
    pub(super) twice: bool,
}

/// What the protocol wrote down when it applied the operation.
#[derive(Debug, Default)]
pub(super) enum Receipt {
    /// No such field, or `null`: the node has pruned it, or was told not to keep it.
    #[default]
    Missing,
    /// A text in its place: `too large`.
    Instead(String),
    /// Something else in its place.
    Other,
    /// The receipt.
    Of(Fields),
}

/// A receipt's fields; which are there depends on the kind.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// A single vote's baker.
    pub(super) delegate: Option<Ours>,
    /// A single vote's power; before protocol 024 also an aggregate's total.
    pub(super) power: Option<Power>,
    /// An aggregate's bakers, counted.
    pub(super) members: Option<Votes>,
    /// An aggregate's total since protocol 024.
    pub(super) total: Option<Power>,
}

impl Content {
    /// Reads one, into `self` so that what was read before a fault is there.
    pub(super) fn read(&mut self, json: &mut Scanner<'_>, baker: &[u8]) -> Result<(), Fault> {
        enum Field {
            Kind,
            Level,
            Round,
            At,
            Committee,
            Metadata,
            Other,
        }
        let Some(mut members) = json.object()? else { return Ok(()) };
        while json.next(&mut members)? {
            let field = json.name(|name| match name {
                b"kind" => Field::Kind,
                b"level" => Field::Level,
                b"round" => Field::Round,
                b"consensus_content" => Field::At,
                b"committee" => Field::Committee,
                b"metadata" => Field::Metadata,
                _ => Field::Other,
            })?;
            match field {
                Field::Kind => {
                    self.twice |= self.named.is_some();
                    self.named = json.text(Named::of)?;
                }
                Field::Level => {
                    self.twice |= self.level.is_some();
                    self.level = json.number()?;
                }
                Field::Round => {
                    self.twice |= self.round.is_some();
                    self.round = json.number()?;
                }
                Field::At => {
                    self.twice |= self.aggregate_at.is_some();
                    self.aggregate_at = position(json)?;
                }
                Field::Committee => {
                    self.twice |= self.slots.is_some();
                    self.slots = count(json)?;
                }
                Field::Metadata => {
                    self.twice |= !matches!(self.receipt, Receipt::Missing);
                    self.receipt.read(json, baker)?;
                }
                Field::Other => json.skip()?,
            }
        }
        Ok(())
    }
}

impl Receipt {
    fn read(&mut self, json: &mut Scanner<'_>, baker: &[u8]) -> Result<(), Fault> {
        match json.kind()? {
            b'{' => {
                *self = Self::Of(Fields::default());
                let Self::Of(fields) = self else { return Ok(()) };
                fields.read(json, baker)
            }
            b'"' => {
                let text = json.text(|text| clipped(&String::from_utf8_lossy(text), 40))?;
                *self = Self::Instead(text.unwrap_or_default());
                Ok(())
            }
            _ => {
                *self = if json.null()? {
                    Self::Missing
                } else {
                    json.skip()?;
                    Self::Other
                };
                Ok(())
            }
        }
    }
}

impl Fields {
    fn read(&mut self, json: &mut Scanner<'_>, baker: &[u8]) -> Result<(), Fault> {
        enum Field {
            Delegate,
            Power,
            Total,
            Committee,
            Other,
        }
        let Some(mut members) = json.object()? else { return Ok(()) };
        while json.next(&mut members)? {
            let field = json.name(|name| match name {
                b"delegate" => Field::Delegate,
                b"consensus_power" => Field::Power,
                b"total_consensus_power" => Field::Total,
                b"committee" => Field::Committee,
                _ => Field::Other,
            })?;
            match field {
                Field::Delegate => self.delegate = json.text(|text| delegate(text, baker))?,
                Field::Power => self.power = Power::read(json)?,
                Field::Total => self.total = Power::read(json)?,
                Field::Committee => {
                    if let Some(mut list) = json.array()? {
                        let members = self.members.insert(Votes::default());
                        while json.next(&mut list)? {
                            let (delegate, power) = member(json, baker)?;
                            members.add(delegate, power);
                        }
                    }
                }
                Field::Other => json.skip()?,
            }
        }
        Ok(())
    }
}

/// A baker of an aggregate, and the power of its vote.
fn member(json: &mut Scanner<'_>, baker: &[u8]) -> Result<(Option<Ours>, Option<Power>), Fault> {
    let (mut ours, mut power) = (None, None);
    let Some(mut members) = json.object()? else { return Ok((None, None)) };
    while json.next(&mut members)? {
        match json.name(|name| (name == b"delegate", name == b"consensus_power"))? {
            (true, _) => ours = json.text(|text| delegate(text, baker))?,
            (_, true) => power = Power::read(json)?,
            _ => json.skip()?,
        }
    }
    Ok((ours, power))
}

/// Is a delegate the baker? The checksum is not looked at: an address that is not the baker's own text is not the
/// baker's.
fn delegate(text: &[u8], baker: &[u8]) -> Ours {
    if text.len() != 36 || !text.starts_with(b"tz") {
        let shown = clipped(&String::from_utf8_lossy(text), 40);
        return Err(format!("a vote of {shown:?}, which is not a baker's address"));
    }
    Ok(text == baker)
}

/// An aggregate's level and round.
fn position(json: &mut Scanner<'_>) -> Result<Option<(u64, u64)>, Fault> {
    let (mut level, mut round) = (None, None);
    let Some(mut members) = json.object()? else { return Ok(None) };
    while json.next(&mut members)? {
        match json.name(|name| (name == b"level", name == b"round"))? {
            (true, _) => level = json.number()?,
            (_, true) => round = json.number()?,
            _ => json.skip()?,
        }
    }
    Ok(level.zip(round))
}

/// How many elements a list has.
fn count(json: &mut Scanner<'_>) -> Result<Option<usize>, Fault> {
    let Some(mut list) = json.array()? else { return Ok(None) };
    let mut count = 0_usize;
    while json.next(&mut list)? {
        json.skip()?;
        count = count.saturating_add(1);
    }
    Ok(Some(count))
}
