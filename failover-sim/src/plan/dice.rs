//! Draws in a row from one number (SplitMix64).

/// Dice.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below a limit; 0 where the limit is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// From one number to another, both included.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// This many times in a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Mostly small, below a limit: each magnitude is as likely.
    pub(super) fn small(&mut self, limit: u64) -> u64 {
        let magnitudes = u64::from(limit.max(2).ilog2()) + 1;
        let top = 1_u64 << self.within(0, magnitudes).min(40);
        self.below(top.min(limit))
    }

    /// One of these.
    pub(super) fn one<T: Clone>(&mut self, of: &[T], otherwise: T) -> T {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(index).cloned().unwrap_or(otherwise)
    }
}
