/// Which pages were met. One bit each, so a gigabyte of pages needs 32 KiB.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Vec<u64>);

const BITS: u64 = 64;

impl Claims {
    /// Notes a page; answers `false` if it was noted before. Callers look first that the file has the page.
    pub(crate) fn claim(&mut self, page: u64) -> bool {
        let Some((word, bit)) = place(page) else { return false };
        if word >= self.0.len() {
            self.0.resize(word.saturating_add(1), 0);
        }
        match self.0.get_mut(word) {
            Some(bits) if *bits & bit == 0 => {
                *bits |= bit;
                true
            }
            _ => false,
        }
    }

    /// Notes the pages of another set too.
    pub(crate) fn join(&mut self, other: &Claims) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (bits, more) in self.0.iter_mut().zip(&other.0) {
            *bits |= more;
        }
    }

    /// How many pages were noted.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// Whether the page was noted.
    pub(crate) fn has(&self, page: u64) -> bool {
        place(page).is_some_and(|(word, bit)| self.0.get(word).is_some_and(|bits| bits & bit != 0))
    }
}

fn place(page: u64) -> Option<(usize, u64)> {
    Some((usize::try_from(page.checked_div(BITS)?).ok()?, 1 << page.checked_rem(BITS)?))
}
