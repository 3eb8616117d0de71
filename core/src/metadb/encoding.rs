//! How containerd writes single values. Source: containerd-metadata §9.2.

use crate::model::{Any, Timestamp};
use crate::proto::Message as _;

/// The seconds from the year 1, where Go counts from, to 1970.
const UNIX_TO_YEAR_ONE_SECONDS: i64 = 62_135_596_800;

/// Go's binary time, its version 1 or 2. The zone is dropped: the instant does not depend on it. The year 1 is Go's zero
/// time: never set.
pub(super) fn time(bytes: &[u8]) -> Result<Option<Timestamp>, String> {
    let (version, rest) = bytes.split_first().ok_or("is not a time: it is empty")?;
    let zone_bytes = match version {
        1 => 2,
        2 => 3,
        _ => return Err(format!("is not a time: it has version {version}")),
    };
    let length = || format!("is not a time: it has {} bytes", bytes.len());
    let (seconds, rest) = rest.split_first_chunk::<8>().ok_or_else(length)?;
    let (nanos, zone) = rest.split_first_chunk::<4>().ok_or_else(length)?;
    if zone.len() != zone_bytes {
        return Err(length());
    }
    let seconds = i64::from_be_bytes(*seconds).checked_sub(UNIX_TO_YEAR_ONE_SECONDS);
    let nanos = u32::from_be_bytes(*nanos);
    let time = seconds.and_then(|seconds| Timestamp::new(seconds, nanos).ok());
    let time = time.ok_or("is not a time: it lies outside the years 1 to 9999")?;
    Ok(Some(time).filter(|time| *time != Timestamp::YEAR_ONE))
}

/// A zig-zag varint. No bytes are 0.
pub(super) fn varint(bytes: &[u8]) -> Result<i64, String> {
    let mut raw: u64 = 0;
    for (place, byte) in bytes.iter().enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shift = u32::try_from(place.saturating_mul(7)).unwrap_or(u32::MAX);
        let shifted = bits.checked_shl(shift).filter(|shifted| shifted.checked_shr(shift) == Some(bits));
        raw |= shifted.ok_or("is not a number: it is too large")?;
        if byte & 0x80 == 0 {
            let last = place.checked_add(1) == Some(bytes.len());
            let number = (raw >> 1).cast_signed() ^ (raw & 1).cast_signed().wrapping_neg();
            return if last { Ok(number) } else { Err("is not a number: bytes follow it".to_owned()) };
        }
    }
    if bytes.is_empty() { Ok(0) } else { Err("is not a number: it is cut short".to_owned()) }
}

/// A protobuf `Any`. No bytes are one without type and value.
pub(super) fn any(bytes: &[u8]) -> Result<Any, String> {
    Any::decode(bytes).map_err(|error| format!("does not decode: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
    }

    #[test]
    fn reads_the_times_of_go() {
        for (bytes, expected) in [
            ("01 0000000000000000 00000000 ffff", None),
            ("01 0000000e7791f700 00000000 ffff", Some("1970-01-01T00:00:00Z")),
            ("01 0000000edce5e800 075bcd15 ffff", Some("2023-11-14T22:13:20.123456789Z")),
            ("01 0000000edce5e800 075bcd15 01e0", Some("2023-11-14T22:13:20.123456789Z")),
            ("01 0000000edce5e800 075bcd15 ff2e", Some("2023-11-14T22:13:20.123456789Z")),
            ("02 0000000edce5e800 00000000 003c 01", Some("2023-11-14T22:13:20Z")),
        ] {
            assert_eq!(time(&hex(bytes)), Ok(expected.map(|text| Timestamp::parse(text).unwrap())), "{bytes}");
        }
        for bytes in [
            "",
            "03 0000000e7791f700 00000000 ffff",
            "01 0000000e7791f700 00000000 ff",
            "01 0000000e7791f700 00000000 ffff00",
            "02 0000000e7791f700 00000000 ffff",
            "01 7fffffffffffffff 00000000 ffff",
            "01 8000000000000000 00000000 ffff",
            "01 0000000e7791f700 3b9aca00 ffff",
        ] {
            assert!(time(&hex(bytes)).is_err(), "{bytes}");
        }
    }

    #[test]
    fn reads_the_numbers_of_go() {
        for (bytes, expected) in [
            ("", 0),
            ("00", 0),
            ("02", 1),
            ("01", -1),
            ("0a", 5),
            ("7e", 63),
            ("8001", 64),
            ("8002", 128),
            ("a008", 528),
            ("8080808020", 1 << 32),
            ("feffffffffffffffff01", i64::MAX),
            ("ffffffffffffffffff01", i64::MIN),
        ] {
            assert_eq!(varint(&hex(bytes)), Ok(expected), "{bytes}");
        }
        for bytes in ["80", "0000", "feffffffffffffffff03", "8080808080808080808000"] {
            assert!(varint(&hex(bytes)).is_err(), "{bytes}");
        }
    }
}
