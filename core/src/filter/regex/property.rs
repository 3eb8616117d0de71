//! Unicode classes by name: `\p{Greek}`, `\pL`. The tables are Go's, so that every character falls as it does there.

use super::class::{self, Span};
use super::property_table::{ALIASES, CATEGORIES, CATEGORY_RUNS, GROUPS, SCRIPT_RUNS, SCRIPTS};

/// A named set of characters.
#[derive(Debug)]
pub(super) struct Property {
    /// Its characters, clean.
    pub(super) spans: Vec<Span>,
    /// Whether it takes in the other cases of its letters where case does not count.
    pub(super) folds: bool,
}

/// The set of a name. Case, blanks, hyphens and underscores in it do not count.
pub(super) fn find(name: &[u8]) -> Option<Property> {
    let name = plain(name);
    match name.as_str() {
        "Any" => return Some(Property { spans: class::ALL.to_vec(), folds: true }),
        "Assigned" => {
            let unassigned = by_category(members("Cn")?);
            return Some(Property { spans: class::negated(&unassigned), folds: false });
        }
        "Ascii" => return Some(Property { spans: vec![(0, 0x7f)], folds: true }),
        // Go has no table of the other cases of this one.
        "Lc" => return Some(Property { spans: by_category(members("LC")?), folds: false }),
        _ => {}
    }
    if let Some(members) = members(&name) {
        return Some(Property { spans: by_category(members), folds: true });
    }
    if let Some(number) = SCRIPTS.iter().position(|script| *script == name) {
        let number = u32::try_from(number).ok()?.checked_add(1)?;
        return Some(Property { spans: chosen(SCRIPT_RUNS, 8, |script| script == number), folds: true });
    }
    let (_, category) = ALIASES.iter().find(|(alias, _)| *alias == name)?;
    Some(Property { spans: by_category(members(category)?), folds: *category != "LC" })
}

/// The name with a capital first and small letters after, as Go's tables have it.
fn plain(name: &[u8]) -> String {
    let mut out = String::new();
    // Names are ASCII; a name that is not is none, and Latin-1 letters keep it from becoming one.
    for c in name.iter().map(|&byte| char::from(byte)).filter(|c| !matches!(c, '_' | '-' | ' ')) {
        out.push(if out.is_empty() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    }
    out
}

/// A bit for the number of each category that the name of a category or of a group stands for.
fn members(name: &str) -> Option<u32> {
    if let Some((_, members)) = GROUPS.iter().find(|(group, _)| *group == name) {
        return Some(*members);
    }
    let number = CATEGORIES.iter().position(|category| *category == name)?;
    1_u32.checked_shl(u32::try_from(number).ok()?)
}

fn by_category(members: u32) -> Vec<Span> {
    chosen(CATEGORY_RUNS, 5, |category| members.checked_shr(category).is_some_and(|bits| bits & 1 == 1))
}

/// The characters of the runs whose number, which is in their last `bits`, is chosen.
fn chosen(runs: &[u32], bits: u32, choose: impl Fn(u32) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    let ends = runs.iter().skip(1).map(|run| (run >> bits).saturating_sub(1)).chain([class::LAST]);
    for (run, last) in runs.iter().zip(ends) {
        let start = run >> bits;
        if choose(run ^ (start << bits)) {
            class::push(&mut spans, (start, last));
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_spelt() {
        for name in [
            "Greek",
            "greek",
            "g r-e_ek",
            "L",
            "l",
            "Lu",
            "LU",
            "any",
            "ASCII",
            "Assigned",
            "LC",
            "Letter",
            "cased letter",
        ] {
            assert!(find(name.as_bytes()).is_some(), "{name}");
        }
        for name in ["", "^L", "Grék", "Latin1", "Old_Italic"] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn categories_and_scripts_hold_their_characters() {
        assert_eq!(find(b"Zp").unwrap().spans, [(0x2029, 0x2029)]);
        assert_eq!(find(b"Cs").unwrap().spans, [(0xd800, 0xdfff)]);
        assert_eq!(find(b"Thai").unwrap().spans, [(0xe01, 0xe3a), (0xe40, 0xe5b)]);
        assert_eq!(class::negated(&find(b"Cn").unwrap().spans), find(b"Assigned").unwrap().spans);
    }
}
