//! How much work and memory the regular expressions of one filter may cost.

use super::Refusal;

/// What is left of a filter's allowance, in steps.
///
/// A step is the unit of everything that a hostile expression could multiply: a character or a range of characters taken
/// up, copied or compared counts one, an instruction of a compiled expression two, a node of its syntax tree four; an
/// instruction that only a repetition count makes, 64. So both time and memory stay in proportion: parsing takes a quarter
/// of a second and 100 MB at worst, and a search by a short expression in a value of 4 KB two seconds.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    #[cfg_attr(not(feature = "regex"), allow(dead_code))]
    crate_places: u8,
}

impl Budget {
    /// The steps for all regular expressions of one filter. A literal text of a megabyte costs three quarters of it.
    pub(crate) const STEPS: usize = 1 << 22;

    pub(crate) fn new() -> Self {
        Budget { left: Self::STEPS, crate_places: 32 }
    }

    /// Takes steps off.
    ///
    /// # Errors
    ///
    /// [`Refusal::TooLarge`] if not so many are left.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Refusal> {
        self.left = self.left.checked_sub(steps).ok_or(Refusal::TooLarge)?;
        Ok(())
    }

    /// Takes one of the places for expressions in the `regex` crate: fast, but up to 2 MB each. `None` if all are taken.
    #[cfg(feature = "regex")]
    pub(super) fn take_crate_place(&mut self) -> Option<()> {
        self.crate_places = self.crate_places.checked_sub(1)?;
        Some(())
    }
}
