//! Letters in their cases, as Go's `unicode.SimpleFold` goes round them: k, K and the Kelvin sign are one letter.

use super::class::{self, Span};
use super::fold_table::FOLD_RUNS;
use super::{Budget, Refusal};

/// The next character of the letter's round; the last gives the first. A character without cases gives itself.
fn next(c: u32) -> u32 {
    let run = FOLD_RUNS.partition_point(|&(first, ..)| first <= c).checked_sub(1).and_then(|i| FOLD_RUNS.get(i));
    match run {
        Some(&(first, last, 0)) if c <= last => match c.wrapping_sub(first) % 2 {
            0 => c.saturating_add(1),
            _ => c.saturating_sub(1),
        },
        Some(&(_, last, distance)) if c <= last => c.saturating_add_signed(distance),
        _ => c,
    }
}

/// The characters of one letter, `c` first. There are four at most.
pub(super) fn cases(c: u32) -> impl Iterator<Item = u32> {
    std::iter::once(c).chain(std::iter::successors(Some(next(c)), |&at| Some(next(at))).take_while(move |&at| at != c))
}

/// The least character of a letter, which stands for all of them.
pub(super) fn least(c: u32) -> u32 {
    cases(c).min().unwrap_or(c)
}

/// Adds to each character of a set the other cases of its letter. The set is clean afterwards.
pub(super) fn close(spans: &mut Vec<Span>, budget: &mut Budget) -> Result<(), Refusal> {
    let mut fresh = spans.clone();
    // A round has four characters at most, so that the third step reaches the last of them.
    for _ in 0..3 {
        let mut images = Vec::new();
        for span in fresh {
            image(span, &mut images, budget)?;
        }
        class::clean(&mut images);
        spans.extend_from_slice(&images);
        fresh = images;
    }
    class::clean(spans);
    Ok(())
}

/// Adds the next cases of the characters of a range; of a pair both.
fn image((from, to): Span, images: &mut Vec<Span>, budget: &mut Budget) -> Result<(), Refusal> {
    let start = FOLD_RUNS.partition_point(|&(_, last, _)| last < from);
    for &(first, last, distance) in FOLD_RUNS.iter().skip(start).take_while(|&&(first, ..)| first <= to) {
        budget.spend(1)?;
        let (low, high) = (first.max(from), last.min(to));
        if distance == 0 {
            let odd = |c: u32| c.wrapping_sub(first) % 2 == 1;
            let low = if odd(low) { low.saturating_sub(1) } else { low };
            let high = if odd(high) { high } else { high.saturating_add(1) };
            class::push(images, (low, high));
        } else {
            class::push(images, (low.saturating_add_signed(distance), high.saturating_add_signed(distance)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(mut spans: Vec<Span>) -> Vec<Span> {
        close(&mut spans, &mut Budget::new()).unwrap();
        spans
    }

    #[test]
    fn rounds_come_back_to_their_start() {
        for c in 0..=class::LAST {
            assert!(cases(c).take(5).count() <= 4, "{c:x}");
        }
        assert_eq!(cases('k' as u32).collect::<Vec<_>>(), ['k' as u32, 0x212a, 'K' as u32]);
        assert_eq!(least('ſ' as u32), 'S' as u32);
        assert_eq!(least('1' as u32), '1' as u32);
        assert_eq!(cases('θ' as u32).count(), 4);
    }

    #[test]
    fn closing_a_range_closes_each_of_its_characters() {
        for span in [(0x61, 0x7a), (0x101, 0x104), (0x3b1, 0x3c9), (0x212a, 0x212a), (0x1e900, 0x1e910), (0, 0x10ffff)]
        {
            let mut single: Vec<Span> = (span.0..=span.1).flat_map(cases).map(|c| (c, c)).collect();
            class::clean(&mut single);
            assert_eq!(closed(vec![span]), single, "{span:x?}");
        }
    }
}
