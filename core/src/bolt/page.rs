//! One page: its header and its elements.

use super::{u16_at, u32_at, u64_at};
use std::ops::Range;

pub(super) const HEADER_BYTES: usize = 16;
const ELEMENT_BYTES: usize = 16;
/// bbolt takes no longer ones.
const MAX_KEY_BYTES: u32 = 32768;
pub(super) const BRANCH: u16 = 0x01;
pub(super) const LEAF: u16 = 0x02;
pub(super) const FREELIST: u16 = 0x10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) id: u64,
    pub(super) flags: u16,
    pub(super) count: u16,
    /// How many more pages belong to this one.
    pub(super) overflow: u32,
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Option<Header> {
        Some(Header {
            id: u64_at(bytes, 0)?,
            flags: u16_at(bytes, 8)?,
            count: u16_at(bytes, 10)?,
            overflow: u32_at(bytes, 12)?,
        })
    }
}

/// A key with its value, or with its child page, as ranges of the page's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) is_bucket: bool,
    /// The child of a branch's element.
    pub(super) child: u64,
}

/// The elements of a page, each if it lies where it may: within the page, and not over its neighbours. A page of `n` bytes
/// has keys and values of at most `n` bytes together, whatever it claims.
pub(super) fn elements(bytes: &[u8]) -> Result<Vec<Result<Element, String>>, String> {
    let header = Header::parse(bytes).ok_or("it is shorter than a page's header")?;
    if !matches!(header.flags, BRANCH | LEAF) {
        return Err(format!("it is neither a branch nor a leaf: its flags are {:#x}", header.flags));
    }
    let count = usize::from(header.count);
    let table = count.saturating_mul(ELEMENT_BYTES).saturating_add(HEADER_BYTES);
    if table > bytes.len() {
        return Err(format!("{count} elements do not fit into {} bytes", bytes.len()));
    }
    let spans: Vec<Option<Element>> = (0..count).map(|index| span(bytes, header.flags, index)).collect();
    let mut out = Vec::with_capacity(count);
    let mut free_from = table;
    for (index, element) in spans.iter().enumerate() {
        let next = spans.get(index.saturating_add(1)).and_then(Option::as_ref);
        let problem = match element {
            None => "reaches beyond the page, or has a longer key than there are",
            Some(element) if element.key.start < free_from => "lies over the one before it",
            Some(Element { key, value, .. })
                if next.is_some_and(|next| (key.start..value.end).contains(&next.key.start)) =>
            {
                "reaches into the one behind it"
            }
            Some(element) => {
                free_from = element.value.end;
                out.push(Ok(element.clone()));
                continue;
            }
        };
        out.push(Err(format!("element {index} {problem}")));
    }
    Ok(out)
}

/// Where element `index` says that it lies, if that is in the page.
fn span(bytes: &[u8], flags: u16, index: usize) -> Option<Element> {
    let at = index.checked_mul(ELEMENT_BYTES)?.checked_add(HEADER_BYTES)?;
    let (is_bucket, position, key_bytes, value_bytes, child) = if flags == LEAF {
        let flags = u32_at(bytes, at)?;
        let (position, key, value) = (
            u32_at(bytes, at.checked_add(4)?)?,
            u32_at(bytes, at.checked_add(8)?)?,
            u32_at(bytes, at.checked_add(12)?)?,
        );
        (flags & 1 != 0, position, key, value, 0)
    } else {
        (false, u32_at(bytes, at)?, u32_at(bytes, at.checked_add(4)?)?, 0, u64_at(bytes, at.checked_add(8)?)?)
    };
    if key_bytes > MAX_KEY_BYTES {
        return None;
    }
    let key_start = at.checked_add(usize::try_from(position).ok()?)?;
    let value_start = key_start.checked_add(usize::try_from(key_bytes).ok()?)?;
    let end = value_start.checked_add(usize::try_from(value_bytes).ok()?)?;
    let element = Element { key: key_start..value_start, value: value_start..end, is_bucket, child };
    Some(element).filter(|element| element.value.end <= bytes.len())
}
