//! Random numbers that are the same in every run.

/// xorshift64*.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Any 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        (self.bits() >> 33) % sides
    }

    pub(crate) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}
