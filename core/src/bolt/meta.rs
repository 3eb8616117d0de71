//! The two meta pages: where the newest and the one before the newest state of the file begin.

use super::{ReadAt, u32_at, u64_at};
use crate::{Error, Result};

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// A meta page's header and content.
const BYTES: usize = 80;
const HEADER_BYTES: usize = 16;
/// What the checksum is made of.
const SUMMED_BYTES: usize = 56;
/// The freelist's page of a file that does not store one.
const NO_FREELIST: u64 = u64::MAX;
/// bbolt takes the page size of the operating system, or any that its caller wants.
const PAGE_SIZES: std::ops::RangeInclusive<u32> = 512..=1 << 24;
/// What is assumed when neither meta page tells.
const USUAL_PAGE_SIZE: u32 = 4096;

/// What a meta page says: one state of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Bytes.
    pub page_size: u32,
    /// The page on which the root bucket begins.
    pub root: u64,
    /// The counter of the root bucket.
    pub root_sequence: u64,
    /// The page with the list of free pages; none if it is not stored.
    pub freelist: Option<u64>,
    /// Pages from this one on were never used.
    pub high_water: u64,
    /// The number of the transaction that wrote this state.
    pub txid: u64,
}

/// One of the two meta pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its bytes; nothing where the file ends before.
    raw: Vec<u8>,
    /// What it says, right or wrong; none if it is no meta page at all.
    pub meta: Option<Meta>,
    /// Why it cannot be trusted, if it cannot.
    pub problem: Option<String>,
}

/// Both meta pages of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metas {
    /// Bytes.
    pub page_size: u32,
    /// Page 0 and page 1.
    pub slots: [Slot; 2],
}

fn fnv64a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn is_page_size(size: u32) -> bool {
    PAGE_SIZES.contains(&size) && size.is_power_of_two()
}

/// Whether a file that begins with these bytes is one of bbolt, damaged or not.
#[cfg(feature = "file")]
pub(crate) fn is_bolt(begin: &[u8]) -> bool {
    begin.get(HEADER_BYTES..).and_then(|content| u32_at(content, 0)) == Some(MAGIC)
}

/// How many bytes [`is_bolt`] wants to see.
#[cfg(feature = "file")]
pub(crate) const BEGIN_BYTES: usize = HEADER_BYTES + 4;

impl Slot {
    fn read(source: &dyn ReadAt, offset: u64) -> Slot {
        let mut raw = vec![0; BYTES];
        if let Err(error) = source.read_at(offset, &mut raw) {
            return Slot { raw: Vec::new(), meta: None, problem: Some(error.to_string()) };
        }
        let content = raw.get(HEADER_BYTES..).unwrap_or_default();
        let number = |at| u64_at(content, at).unwrap_or_default();
        let small = |at| u32_at(content, at).unwrap_or_default();
        let meta = Meta {
            page_size: small(8),
            root: number(16),
            root_sequence: number(24),
            freelist: Some(number(32)).filter(|page| *page != NO_FREELIST),
            high_water: number(40),
            txid: number(48),
        };
        let sum = fnv64a(content.get(..SUMMED_BYTES).unwrap_or_default());
        let problem = if small(0) != MAGIC {
            Some("it is not a meta page".to_owned())
        } else if small(4) != VERSION {
            Some(format!("it has version {}, not {VERSION}", small(4)))
        } else if number(SUMMED_BYTES) != sum {
            Some(format!("its checksum is {:016x}, but its content gives {sum:016x}", number(SUMMED_BYTES)))
        } else if !is_page_size(meta.page_size) {
            Some(format!("it tells of pages of {} bytes", meta.page_size))
        } else {
            None
        };
        let meta = Some(meta).filter(|_| small(0) == MAGIC);
        Slot { raw, meta, problem }
    }

    /// What the page says, if that can be trusted.
    #[must_use]
    pub fn valid(&self) -> Option<Meta> {
        self.meta.filter(|_| self.problem.is_none())
    }
}

impl Metas {
    /// Reads both meta pages. With page 0 damaged, page 1 is looked for where any page size would put it.
    #[must_use]
    pub fn read(source: &dyn ReadAt) -> Metas {
        let first = Slot::read(source, 0);
        if let Some(meta) = first.valid() {
            let second = Slot::read(source, u64::from(meta.page_size));
            return Metas { page_size: meta.page_size, slots: [first, second] };
        }
        let sizes = std::iter::successors(Some(*PAGE_SIZES.start()), |size| size.checked_mul(2));
        let slots =
            sizes.take_while(|size| is_page_size(*size)).map(|size| (size, Slot::read(source, u64::from(size))));
        // One that is damaged still tells more than none.
        let mut damaged = None;
        for (size, second) in slots.filter(|(size, slot)| slot.meta.is_some_and(|meta| meta.page_size == *size)) {
            if second.problem.is_none() {
                return Metas { page_size: size, slots: [first, second] };
            }
            damaged = damaged.or(Some(size));
        }
        let told = first.meta.map(|meta| meta.page_size).filter(|size| is_page_size(*size));
        let page_size = damaged.or(told).unwrap_or(USUAL_PAGE_SIZE);
        let second = Slot::read(source, u64::from(page_size));
        Metas { page_size, slots: [first, second] }
    }

    /// The states that can be trusted, the newest first.
    #[must_use]
    pub fn valid(&self) -> Vec<Meta> {
        let mut out: Vec<Meta> = self.slots.iter().filter_map(Slot::valid).collect();
        // The sort is stable: of two with the same number bbolt takes page 0.
        out.sort_by_key(|meta| std::cmp::Reverse(meta.txid));
        out
    }

    /// The newest state.
    ///
    /// # Errors
    /// `FailedPrecondition` for a file that is not of bbolt, `DataLoss` when both meta pages are damaged.
    pub fn newest(&self) -> Result<Meta> {
        if let Some(meta) = self.valid().first() {
            return Ok(*meta);
        }
        if self.slots.iter().all(|slot| slot.meta.is_none()) {
            let is_book = self.slots.iter().any(|slot| slot.raw.starts_with(b"redb"));
            return Err(Error::failed_precondition("the file is not a bbolt database").with_help(if is_book {
                "it looks like a book: open it as one (--db FILE on the command line)"
            } else {
                "containerd's lies in ‹root›/io.containerd.metadata.v1.bolt/meta.db"
            }));
        }
        let mut error = Error::data_loss("both meta pages are damaged").with_help(super::SALVAGE);
        for (name, slot) in ["page_0", "page_1"].into_iter().zip(&self.slots) {
            error = error.with_detail(name, slot.problem.as_deref().unwrap_or_default());
        }
        Err(error)
    }
}
