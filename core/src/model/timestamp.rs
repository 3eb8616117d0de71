use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An instant in UTC with nanoseconds, as containerd stores it.
///
/// ```
/// use stowbook::model::Timestamp;
/// let time = Timestamp::parse("2023-11-14T22:13:20.123456789Z")?;
/// assert_eq!(time.seconds(), 1_700_000_000);
/// assert_eq!(time.to_string(), "2023-11-14T22:13:20.123456789Z");
/// assert_eq!(Timestamp::parse("2023-11-15T06:13:20+08:00")?, Timestamp::new(1_700_000_000, 0)?);
/// # Ok::<(), stowbook::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

const NANOS_PER_SECOND: u32 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z in seconds since 1970: what protobuf and RFC 3339 can say.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

impl Timestamp {
    /// Go's zero time, 0001-01-01T00:00:00Z: what containerd 1.x sends for a time that was never set.
    pub const YEAR_ONE: Timestamp = Timestamp { seconds: FIRST_SECOND, nanos: 0 };

    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Timestamp = Timestamp { seconds: 0, nanos: 0 };

    /// The last instant that protobuf and RFC 3339 can say: 9999-12-31T23:59:59.999999999Z.
    pub const MAX: Timestamp = Timestamp { seconds: LAST_SECOND, nanos: NANOS_PER_SECOND - 1 };

    /// The instant `seconds` after 1970-01-01T00:00:00Z and `nanos` nanoseconds.
    ///
    /// # Errors
    /// `InvalidArgument` outside the years 1 to 9999, or for a billion nanoseconds and more.
    pub fn new(seconds: i64, nanos: u32) -> Result<Self> {
        if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) || nanos >= NANOS_PER_SECOND {
            return Err(Error::invalid_argument(format!("time of {seconds} s and {nanos} ns is out of range"))
                .with_help("times lie in the years 1 to 9999, with 0 to 999999999 nanoseconds"));
        }
        Ok(Timestamp { seconds, nanos })
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// Reads an RFC 3339 time as Go does: upper-case `T` and `Z`, an hour of one or two digits, a fraction after `.` or `,`,
    /// an offset `±hh:mm`. Source: containerd-metadata §10.8.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        parse(text.as_bytes()).and_then(|(seconds, nanos)| Timestamp::new(seconds, nanos).ok()).ok_or_else(|| {
            Error::invalid_argument(format!("time {} is not RFC 3339", crate::text::quote(text)))
                .with_help("write it like 2026-11-21T02:03:31.782275208Z")
        })
    }

    /// The nanoseconds from a time of any RFC 3339 year, 0 and what an offset makes of it included, until this one. None
    /// for a text that Go does not read.
    pub(crate) fn nanos_since(self, text: &str) -> Option<i128> {
        let nanos = |seconds: i64, nanos: u32| i128::from(seconds) * i128::from(NANOS_PER_SECOND) + i128::from(nanos);
        let (then_seconds, then_nanos) = parse(text.as_bytes())?;
        Some(nanos(self.seconds, self.nanos) - nanos(then_seconds, then_nanos))
    }
}

/// Seconds since 1970 and nanoseconds.
fn parse(text: &[u8]) -> Option<(i64, u32)> {
    let mut rest = text;
    let year = number(&mut rest, 4)?;
    let month = after(&mut rest, b'-', 2)?;
    let day = after(&mut rest, b'-', 2)?;
    // Go takes an hour of one digit.
    let hour =
        if matches!(rest, [b'T', _, b':', ..]) { after(&mut rest, b'T', 1)? } else { after(&mut rest, b'T', 2)? };
    let minute = after(&mut rest, b':', 2)?;
    let second = after(&mut rest, b':', 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut nanos = 0u32;
    if let [b'.' | b',', digits @ ..] = rest {
        let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        // Go keeps nine digits and drops the rest.
        for place in 0..9 {
            let digit = if place < count { digits.get(place)? - b'0' } else { 0 };
            nanos = nanos * 10 + u32::from(digit);
        }
        rest = digits.get(count..)?;
    }
    let offset = match rest {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), offset @ ..] => {
            rest = offset;
            let hours = number(&mut rest, 2)?;
            let minutes = after(&mut rest, b':', 2)?;
            if hours > 24 || minutes > 60 || !rest.is_empty() {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    Some((seconds, nanos))
}

/// Takes a number of so many digits from the beginning of `rest`.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, behind) = rest.split_at_checked(digits)?;
    *rest = behind;
    number.iter().try_fold(0i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

/// Takes this byte, and the number behind it.
fn after(rest: &mut &[u8], byte: u8, digits: usize) -> Option<i64> {
    let (first, behind) = rest.split_first()?;
    *rest = behind;
    if *first == byte { number(rest, digits) } else { None }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. March is counted as the first month, so that the leap day
/// comes last in its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date that lies `days` after 1970-01-01: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Writes it as Go's RFC3339Nano does: in UTC, without trailing zeros in the fraction.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanos != 0 {
            write!(f, ".{}", format!("{:09}", self.nanos).trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prints_like_go() {
        for (seconds, nanos, text) in [
            (0, 0, "1970-01-01T00:00:00Z"),
            (FIRST_SECOND, 0, "0001-01-01T00:00:00Z"),
            (LAST_SECOND, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
            (951_782_400, 500_000_000, "2000-02-29T00:00:00.5Z"),
            (-1, 1, "1969-12-31T23:59:59.000000001Z"),
        ] {
            let time = Timestamp::new(seconds, nanos).unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(Timestamp::parse(text).unwrap(), time);
        }
    }

    #[test]
    fn reads_what_go_reads_and_nothing_else() {
        for good in
            ["2026-11-22T02:01:27.123Z", "2026-11-22T02:01:27,5Z", "2026-11-22T11:01:27+09:00", "2026-11-22T2:01:27Z"]
        {
            assert!(Timestamp::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-11-22t02:01:27Z",
            "2026-11-22T02:01:27z",
            "2026-11-22 02:01:27Z",
            "2026-11-22T02:01:27",
            "2026-11-22T02:01:27.Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T02:01:27+0900",
            "2026-11-22T02:01:27é",
            "0000-01-01T00:00:00Z",
            "2026-11-22T02:01:60Z",
            "2026-11-22T02:1:27Z",
            "2026-11-22T:01:27Z",
            "2026-11-22T02:01:27+09:00Z",
            "2026-11-22T02:01:27+25:00",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_instant_survives_its_text(seconds in FIRST_SECOND..=LAST_SECOND, nanos in 0..NANOS_PER_SECOND) {
            let time = Timestamp::new(seconds, nanos).unwrap();
            prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
