//! The forms of names and numbers, each as a small function.

use std::borrow::Cow;

/// Splits off the longest beginning whose bytes fit.
fn take(text: &str, fits: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(|byte| !fits(byte)).unwrap_or(text.len()))
}

fn all(text: &str, fits: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(fits)
}

/// Semantic Versioning 2.0.0: the three numbers, and what follows `-`.
pub(super) fn semver(text: &str) -> Option<([u64; 3], &str)> {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let identifier = |part: &str| all(part, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if build.is_some_and(|build| !build.split('.').all(identifier)) {
        return None;
    }
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| all(part, |byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
    let pre_fits = |part: &str| identifier(part) && (!all(part, |byte| byte.is_ascii_digit()) || number(part));
    if pre.is_some_and(|pre| !pre.split('.').all(pre_fits)) {
        return None;
    }
    let parts: Vec<&str> = core.split('.').collect();
    let &[major, minor, patch] = parts.as_slice() else { return None };
    if ![major, minor, patch].into_iter().all(number) {
        return None;
    }
    // A number too long for 64 bits is newer than anything.
    let value = |part: &str| part.parse().unwrap_or(u64::MAX);
    Some(([value(major), value(minor), value(patch)], pre.unwrap_or_default()))
}

/// `CAP_` and capital letters.
pub(super) fn capability(text: &str) -> bool {
    text.strip_prefix("CAP_").is_some_and(|name| all(name, |byte| byte.is_ascii_uppercase() || byte == b'_'))
}

/// `2MB`, `64KB`, `1GB`.
pub(super) fn huge_page_size(text: &str) -> bool {
    let (digits, unit) = take(text, |byte| byte.is_ascii_digit());
    !digits.is_empty() && !digits.starts_with('0') && matches!(unit, "KB" | "MB" | "GB")
}

/// The size of huge pages that was meant, by `2M`, `2mb` or `2MiB`, say.
pub(super) fn huge_page_size_meant(text: &str) -> Option<String> {
    let (digits, unit) = amount(text);
    Some(format!("{digits}{}B", unit.to_ascii_uppercase())).filter(|right| huge_page_size(right))
}

/// A list of numbers and ranges, as in `0-3,7`. The ranges, if it is one. Spaces around it are left out.
pub(super) fn number_list(text: &str) -> Option<Vec<(u64, u64)>> {
    text.trim()
        .split(',')
        .map(|part| {
            let (part, _) = part.trim().split_once(':').unwrap_or((part.trim(), ""));
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| all(text, |byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
            let (low, high): (u64, u64) = (number(low)?, number(high)?);
            (low <= high).then_some((low, high))
        })
        .collect()
}

/// An environment variable's name that shells take.
pub(super) fn env_name(text: &str) -> bool {
    all(text, |byte| byte.is_ascii_alphanumeric() || byte == b'_') && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// A host name by RFC 1123.
pub(super) fn host_name(text: &str) -> bool {
    text.split('.').all(|label| {
        label.len() <= 63
            && all(label, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// A key in reverse domain notation, with a name behind a slash or not.
pub(super) fn reverse_domain(text: &str) -> bool {
    let (domain, name) = text.split_once('/').map_or((text, None), |(domain, name)| (domain, Some(name)));
    let mut labels = domain.split('.');
    let first = labels.next().unwrap_or_default();
    let rest: Vec<_> = labels.collect();
    (2..=6).contains(&first.len())
        && all(first, |byte| byte.is_ascii_alphabetic())
        && !rest.is_empty()
        && rest.iter().all(|label| label.len() <= 63 && all(label, |byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        && name.is_none_or(|name| all(name, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')))
}

/// The name of a device by the Container Device Interface, as in `vendor.com/class=device`.
pub(super) fn cdi_device(text: &str) -> bool {
    let word = |text: &str, others: &[u8]| {
        all(text, |byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let starts_with_letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    let parts = text.split_once('/').and_then(|(vendor, rest)| Some((vendor, rest.split_once('=')?)));
    parts.is_some_and(|(vendor, (class, device))| {
        let kind =
            starts_with_letter(vendor) && word(vendor, b"_-.") && starts_with_letter(class) && word(class, b"_-");
        kind && word(device, b"_-.:") && device.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

/// `user:role:type`, with a level or not.
pub(super) fn selinux_label(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    let plain = |part: &&str| !part.is_empty() && !part.contains(char::is_whitespace);
    match parts.as_slice() {
        [_, _, _] => parts.iter().all(&plain),
        [_, _, _, level] => {
            let (levels, categories) =
                level.split_once(':').map_or((*level, None), |(level, rest)| (level, Some(rest)));
            let numbered = |part: &str, letter: char| {
                part.strip_prefix(letter).is_some_and(|digits| all(digits, |byte| byte.is_ascii_digit()))
            };
            parts.iter().take(3).all(plain)
                && levels.split('-').all(|part| numbered(part, 's'))
                && categories.is_none_or(|rest| rest.split([',', '.']).all(|part| numbered(part, 'c')))
        }
        _ => false,
    }
}

/// RFC 3339, with the days of the month. The instant in seconds since 1970, without its fraction.
pub(super) fn date_time(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        all(digits, |byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let sign = |at: usize, sign: &str| text.get(at..at + 1).filter(|found| sign.contains(*found));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    sign(4, "-")?;
    sign(7, "-")?;
    sign(10, "Tt")?;
    sign(13, ":")?;
    sign(16, ":")?;
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let (digits, behind) = take(fraction, |byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return None;
        }
        rest = behind;
    }
    let offset = match rest {
        "Z" | "z" => 0,
        _ => {
            let (sign, hours, minutes) = (rest.get(..1)?, rest.get(1..3)?, rest.get(4..)?);
            let two = |digits: &str| {
                (digits.len() == 2 && all(digits, |byte| byte.is_ascii_digit())).then(|| digits.parse::<i64>().ok())?
            };
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            if rest.get(3..4)? != ":" || hours > 23 || minutes > 59 {
                return None;
            }
            match sign {
                "+" => hours * 3600 + minutes * 60,
                "-" => -(hours * 3600 + minutes * 60),
                _ => return None,
            }
        }
    };
    // Days since 1970 by the usual count of eras of 400 years that begin in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era_day =
        (153 * ((month + 9) % 12) + 2) / 5 + day - 1 + shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400;
    Some((era_day - 719_468) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// RFC 6838's type and subtype.
pub(super) fn media_type(text: &str) -> bool {
    let part = |part: &str| {
        part.len() <= 127
            && part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && all(part, |byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| part(kind) && part(subtype))
}

/// The algorithm and the value of a digest, if it has the form of one.
pub(super) fn digest(text: &str) -> Option<(&str, &str)> {
    let (algorithm, encoded) = text.split_once(':')?;
    let component = |part: &str| all(part, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (algorithm.split(['+', '.', '_', '-']).all(component)
        && all(encoded, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-')))
    .then_some((algorithm, encoded))
}

/// How many hexadecimal digits a registered algorithm gives.
pub(super) fn digest_length(algorithm: &str) -> Option<usize> {
    match algorithm {
        "sha256" | "blake3" => Some(64),
        "sha384" => Some(96),
        "sha512" => Some(128),
        _ => None,
    }
}

/// The grammar of `org.opencontainers.image.ref.name`.
pub(super) fn reference_name(text: &str) -> bool {
    text.split('/').all(|component| {
        let mut rest = component;
        loop {
            let (word, behind) = take(rest, |byte| byte.is_ascii_alphanumeric());
            if word.is_empty() {
                return false;
            }
            if behind.is_empty() {
                return true;
            }
            let Some(next) = behind.strip_prefix("--").or_else(|| behind.strip_prefix(['-', '.', '_', ':', '@', '+']))
            else {
                return false;
            };
            rest = next;
        }
    })
}

/// containerd's identifiers, without their length.
pub(super) fn identifier(text: &str) -> bool {
    text.split(['.', '_', '-']).all(|word| all(word, |byte| byte.is_ascii_alphanumeric()))
}

/// A URI by RFC 3986: no spaces, no broken percent escapes, no colon before a scheme.
pub(super) fn uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    let escapes = |(at, byte): (usize, &u8)| {
        *byte != b'%' || bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let scheme = match text.split_once(':') {
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && all(scheme, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        }
        _ => true,
    };
    scheme
        && bytes.iter().enumerate().all(escapes)
        && bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(byte))
}

/// Whether a string is an integer in plain digits.
pub(super) fn plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    all(digits, |byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0')) && digits.len() <= 20
}

/// The integer that a JSON number with a fraction or an exponent comes to, if it is one.
pub(super) fn whole(number: &str) -> Option<i128> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|exponent| (-20..=20).contains(exponent))?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10i128.checked_pow(shift.unsigned_abs())?;
    if shift >= 0 { digits.checked_mul(power) } else { (digits % power == 0).then_some(digits / power) }
}

/// The digits of an amount, and its unit as a small letter: `64` and `m` of `64m`, `64MiB` or `64Mi`.
fn amount(text: &str) -> (&str, String) {
    let (digits, unit) = take(text, |byte| byte.is_ascii_digit());
    let unit = unit.trim().to_ascii_lowercase();
    let letter = unit.strip_suffix("ib").or(unit.strip_suffix(['b', 'i'])).unwrap_or(&unit);
    (digits, letter.to_owned())
}

/// A number of bytes with a unit, as in `64m`, `64MiB` or `64Mi`; units count in 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, unit) = amount(text);
    let power = match unit.as_str() {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1024u64.pow(power))
}

/// Whether a part of a path is longer than file systems take.
pub(super) fn has_long_name(path: &str) -> bool {
    path.len() > 255 && path.split('/').any(|step| step.len() > 255)
}

/// A path without `.`, `..`, doubled or trailing slashes, and with one at the front.
pub(super) fn normal_path(path: &str) -> String {
    if is_normal(path) {
        return path.to_owned();
    }
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(steps.pop()),
            _ => steps.push(step),
        }
    }
    format!("/{}", steps.join("/"))
}

/// The same of a text that may be borrowed. Most paths are normal.
pub(super) fn normal(path: Cow<'_, str>) -> Cow<'_, str> {
    if is_normal(&path) { path } else { Cow::Owned(normal_path(&path)) }
}

/// Whether a path is certainly what [`normal_path`] would make of it.
fn is_normal(path: &str) -> bool {
    let mut behind_slash = false;
    let mut fits = |byte| !std::mem::replace(&mut behind_slash, byte == b'/') || !matches!(byte, b'/' | b'.');
    path == "/" || (path.starts_with('/') && !path.ends_with('/') && path.bytes().all(&mut fits))
}

/// Whether a normal path is another one or lies below it.
pub(super) fn is_under(path: &str, parent: &str) -> bool {
    parent == "/" || path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A signal by number or name, with SIG before it or not.
pub(super) fn signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<i64>() {
        return (1..=64).contains(&number);
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    super::names::SIGNALS.contains(&name)
}

/// Standard base64 with padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_instants() {
        assert_eq!(date_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(date_time("2024-02-29T12:00:00.5+01:00"), Some(1_709_204_400));
        assert_eq!(date_time("2000-03-01T00:00:00Z"), Some(951_868_800));
        for wrong in ["2023-02-29T00:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-1-1T00:00:00Z", ""] {
            assert_eq!(date_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_with_exponents_come_to_integers() {
        assert_eq!(whole("1.0"), Some(1));
        assert_eq!(whole("-1.5e3"), Some(-1500));
        assert_eq!(whole("100e-2"), Some(1));
        assert_eq!(whole("1.5"), None);
        assert_eq!(whole("1e40"), None);
    }

    #[test]
    fn forms() {
        assert_eq!(semver("1.0.2-dev"), Some(([1, 0, 2], "dev")));
        assert!(semver("1.0").is_none() && semver("v1.0.0").is_none() && semver("1.0.01").is_none());
        assert_eq!(number_list("0-3,7"), Some(vec![(0, 3), (7, 7)]));
        assert!(number_list("3-1").is_none() && number_list("0-x").is_none() && number_list("").is_none());
        assert!(selinux_label("system_u:system_r:container_t:s0:c1,c2") && !selinux_label("bogus"));
        assert!(media_type("application/vnd.oci.image.config.v1+json") && !media_type("a/b; c=d") && !media_type("a"));
        assert!(uri("https://example.com/%20") && !uri("::bad") && !uri("a b") && !uri("x%zz"));
        assert_eq!(normal_path("a/./b//../c/"), "/a/c");
        for path in ["/", "/a", "/a/.b", "/a/", "//", "/..", "/a/b", "", "a", "/a/../b", "/./"] {
            let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
            assert!(!is_normal(path) || format!("/{}", steps.join("/")) == path, "{path}");
        }
        assert!(is_under("/a/b", "/a") && !is_under("/ab", "/a"));
        assert!(reference_name("v1.0--rc/a@b") && !reference_name("-a") && !reference_name("a//b"));
        assert_eq!(bytes("64m"), Some(64 << 20));
    }
}
