//! The name that was probably meant.

/// The one name among the candidates that is nearest to a text: at most one change, or a quarter of the text's length. `_`,
/// `-` and the case do not count. Nothing if two are equally near.
pub(super) fn nearest<'n>(text: &str, candidates: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let text = fold(text);
    if text.len() > 64 {
        return None;
    }
    let limit = (text.len() / 4).max(1);
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for candidate in candidates {
        // Folding takes longer than counting; a name has three dashes at most.
        if candidate.len() > text.len() + limit + 3 || candidate.len() + limit < text.len() {
            continue;
        }
        let folded = fold(candidate);
        if folded.len().abs_diff(text.len()) > limit {
            continue;
        }
        let distance = distance(&text, &folded);
        if distance > limit {
            continue;
        }
        match best {
            Some((least, _)) if distance > least => {}
            Some((least, name)) if distance == least => tie |= name != candidate,
            _ => (best, tie) = (Some((distance, candidate)), false),
        }
    }
    best.filter(|_| !tie).map(|(_, name)| name)
}

fn fold(text: &str) -> Vec<char> {
    text.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// How many insertions, deletions, changes and swaps of neighbours lie between two texts.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut least = (cell(&above, j) + usize::from(x != y)).min(cell(&above, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(cell(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
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
    }
}
