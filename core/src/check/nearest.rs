//! The name that was probably meant.

/// The one name among the candidates that is nearest to a text: at most one change, or a quarter of the text's length. `_`,
/// `-` and the case do not count. Nothing if two are equally near.
pub(super) fn nearest<'n>(text: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let text = fold(text, Vec::new());
    if text.len() > 64 {
        return None;
    }
    let limit = (text.len() / 4).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    let (mut rows, mut folded) = (Rows::default(), Vec::new());
    for candidate in candidates {
        // Folding takes longer than counting; a name has three dashes at most.
        if candidate.len() > text.len() + limit + 3 || candidate.len() + limit < text.len() {
            continue;
        }
        folded = fold(candidate, folded);
        if folded.len().abs_diff(text.len()) > limit {
            continue;
        }
        let Some(distance) = rows.distance(&text, &folded, limit) else { continue };
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, name)) if distance == least => tie |= name != candidate,
            _ => (best, tie) = (Some((distance, candidate)), false),
        }
    }
    best.filter(|_| !tie).map(|(_, name)| name)
}

/// A text without what does not count. The memory is given, for there may be many candidates.
fn fold(text: &str, mut folded: Vec<char>) -> Vec<char> {
    folded.clear();
    for c in text.chars().filter(|c| !matches!(c, '-' | '_')) {
        if c.is_ascii() { folded.push(c.to_ascii_lowercase()) } else { folded.extend(c.to_lowercase()) }
    }
    folded
}

/// Rows of a table of distances; their memory serves one candidate after the other.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    above: Vec<usize>,
    row: Vec<usize>,
}

impl Rows {
    /// How many insertions, deletions, changes and swaps of neighbours lie between two texts; nothing if more than `limit`.
    fn distance(&mut self, a: &[char], b: &[char], limit: usize) -> Option<usize> {
        let Rows { before, above, row } = self;
        let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
        before.clear();
        above.clear();
        above.extend(0..=b.len());
        let mut least_above = 0;
        for (i, x) in a.iter().enumerate() {
            row.clear();
            row.push(i + 1);
            let (mut left, mut least_here) = (i + 1, i + 1);
            for (j, y) in b.iter().enumerate() {
                let mut least = (cell(above, j) + usize::from(x != y)).min(cell(above, j + 1) + 1).min(left + 1);
                let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
                if swapped {
                    least = least.min(cell(before, j - 1) + 1);
                }
                row.push(least);
                left = least;
                least_here = least_here.min(least);
            }
            // What comes below is made of these two rows, and a swap out of the upper one costs one.
            if least_here > limit && least_above >= limit {
                return None;
            }
            least_above = least_here;
            std::mem::swap(before, above);
            std::mem::swap(above, row);
        }
        above.last().copied().filter(|distance| *distance <= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_ties_are_not() {
        let names = ["hostname", "domainname", "mounts", "ro", "rw"];
        assert_eq!(nearest("hostnmae", names), Some("hostname"));
        assert_eq!(nearest("HOST_NAME", names), Some("hostname"));
        assert_eq!(nearest("mount", names), Some("mounts"));
        assert_eq!(nearest("rx", names), None);
        assert_eq!(nearest("something", names), None);
        // A change and a swap at the end, behind letters that are right.
        assert_eq!(nearest("createRuntmie", ["createRuntime", "createContainer"]), Some("createRuntime"));
        assert_eq!(nearest("RUNTMIE_create", ["runtime_create", "runtime_crates"]), Some("runtime_create"));
    }
}
