//! Sets of characters as ranges.

use super::fold;
use super::{Budget, Refusal};

/// The first and the last character of a range. Numbers, since Go's sets may hold surrogates, which no text has.
pub(super) type Span = (u32, u32);

/// The greatest character.
pub(super) const LAST: u32 = 0x10_ffff;

/// Every character but the line feed.
pub(super) const NOT_NEWLINE: &[Span] = &[(0, 9), (11, LAST)];

/// Every character.
pub(super) const ALL: &[Span] = &[(0, LAST)];

const DIGIT: &[Span] = &[(0x30, 0x39)];
const SPACE: &[Span] = &[(0x09, 0x0a), (0x0c, 0x0d), (0x20, 0x20)];
const WORD: &[Span] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];

/// The set of `\d`, `\s` and `\w`, or of their capitals, which are the opposite; and whether it is that.
pub(super) fn perl(letter: u8) -> Option<(&'static [Span], bool)> {
    let spans = match letter.to_ascii_lowercase() {
        b'd' => DIGIT,
        b's' => SPACE,
        b'w' => WORD,
        _ => return None,
    };
    Some((spans, letter.is_ascii_uppercase()))
}

/// The set of the name in `[[:name:]]`.
pub(super) fn posix(name: &[u8]) -> Option<&'static [Span]> {
    Some(match name {
        b"alnum" => &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)],
        b"alpha" => &[(0x41, 0x5a), (0x61, 0x7a)],
        b"ascii" => &[(0x00, 0x7f)],
        b"blank" => &[(0x09, 0x09), (0x20, 0x20)],
        b"cntrl" => &[(0x00, 0x1f), (0x7f, 0x7f)],
        b"digit" => DIGIT,
        b"graph" => &[(0x21, 0x7e)],
        b"lower" => &[(0x61, 0x7a)],
        b"print" => &[(0x20, 0x7e)],
        b"punct" => &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)],
        b"space" => &[(0x09, 0x0d), (0x20, 0x20)],
        b"upper" => &[(0x41, 0x5a)],
        b"word" => WORD,
        b"xdigit" => &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
        _ => return None,
    })
}

/// Adds a range, into one of the last two if they touch, so that alphabets do not become long lists.
pub(super) fn push(spans: &mut Vec<Span>, (first, last): Span) {
    for span in spans.iter_mut().rev().take(2) {
        if first <= span.1.saturating_add(1) && span.0 <= last.saturating_add(1) {
            *span = (span.0.min(first), span.1.max(last));
            return;
        }
    }
    spans.push((first, last));
}

/// Puts the ranges in order and joins those that touch.
pub(super) fn clean(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, span| {
        let touches = next.0 <= span.1.saturating_add(1);
        if touches {
            span.1 = span.1.max(next.1);
        }
        touches
    });
}

/// The opposite of a clean set.
pub(super) fn negated(spans: &[Span]) -> Vec<Span> {
    let mut out = Vec::with_capacity(spans.len().saturating_add(1));
    let mut next = Some(0);
    for &(first, last) in spans {
        if let Some(from) = next
            && let Some(to) = first.checked_sub(1)
            && from <= to
        {
            out.push((from, to));
        }
        next = (last < LAST).then(|| last.saturating_add(1));
    }
    out.extend(next.map(|from| (from, LAST)));
    out
}

/// Adds a clean set or its opposite, with all cases of its letters if wanted.
pub(super) fn add(
    spans: &mut Vec<Span>,
    set: &[Span],
    negate: bool,
    folded: bool,
    budget: &mut Budget,
) -> Result<(), Refusal> {
    let mut cases = Vec::new();
    let mut set = set;
    if folded {
        cases.extend_from_slice(set);
        fold::close(&mut cases, budget)?;
        set = &cases;
    }
    let opposite;
    if negate {
        opposite = negated(set);
        set = &opposite;
    }
    budget.spend(set.len())?;
    for &span in set {
        push(spans, span);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_sorts_and_joins() {
        let mut spans = vec![(5, 6), (1, 2), (3, 3), (9, 12), (10, 11)];
        clean(&mut spans);
        assert_eq!(spans, [(1, 3), (5, 6), (9, 12)]);
    }

    #[test]
    fn the_opposite_of_the_opposite_is_the_set() {
        for set in [&[][..], ALL, NOT_NEWLINE, WORD, &[(0, 0)], &[(LAST, LAST)], &[(1, LAST)]] {
            assert_eq!(negated(&negated(set)), set);
        }
        assert_eq!(negated(&[]), ALL);
        assert_eq!(negated(&[(10, 10)]), NOT_NEWLINE);
    }
}
