const LIMIT: u64 = 1 << 63;

/// The nanoseconds of a duration as Go reads it, such as `1h30m`, `-1.5s` or `0`: a sign or none, then numbers with the units
/// `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`. None for anything else, and for more than 292 years.
/// Source: containerd-metadata §10.8.
///
/// ```
/// assert_eq!(stowbook::rules::parse_duration("1h30m"), Some(5_400_000_000_000));
/// assert_eq!(stowbook::rules::parse_duration("1d"), None);
/// ```
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0u64;
    while !rest.is_empty() {
        let (digits, behind) = take(rest, |c| c.is_ascii_digit());
        let (fraction, behind) = match behind.strip_prefix('.') {
            Some(behind) => take(behind, |c| c.is_ascii_digit()),
            None => ("", behind),
        };
        if digits.is_empty() && fraction.is_empty() {
            return None;
        }
        let (unit, behind) = take(behind, |c| c != '.' && !c.is_ascii_digit());
        let unit = nanos(unit)?;
        let whole = whole(digits)?.checked_mul(unit).filter(|whole| *whole <= LIMIT)?;
        sum = sum.checked_add(whole + part(fraction, unit)).filter(|sum| *sum <= LIMIT)?;
        rest = behind;
    }
    if negative { 0i64.checked_sub_unsigned(sum) } else { i64::try_from(sum).ok() }
}

fn take(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

fn nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

fn whole(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0u64, |sum, digit| {
        let sum = sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        (sum <= LIMIT).then_some(sum)
    })
}

/// The nanoseconds of the digits behind a point. Like Go, with a float, and without the digits that no longer matter.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as Go does it"
)]
fn part(digits: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in digits.bytes() {
        if value > (LIMIT - 1) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > LIMIT {
            break;
        }
        value = next;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}
