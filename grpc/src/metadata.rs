//! The headers of containerd's calls. Source: containerd-grpc §3.

use http::HeaderMap;
use std::time::Duration;
use stowbook::Context;

pub(crate) const NAMESPACE: &str = "containerd-namespace";
pub(crate) const LEASE: &str = "containerd-lease";

/// On whose behalf a call is made. Of a repeated header the first value counts.
pub(crate) fn context(headers: &HeaderMap) -> Context {
    let first = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let mut context = Context::default();
    context.namespace = first(NAMESPACE);
    context.lease = first(LEASE);
    context
}

/// How long the client is willing to wait: up to eight digits and a unit. What cannot be read is no limit.
pub(crate) fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_eight_digits_at_most_and_a_unit() {
        let timeout = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            timeout(&headers)
        };
        assert_eq!(timeout("29994240u"), Some(Duration::from_micros(29_994_240)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        assert_eq!(timeout("1S"), Some(Duration::from_secs(1)));
        for nonsense in ["", "S", "1", "1x", "-1S", "123456789n", "1 S"] {
            assert_eq!(timeout(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_first_of_repeated_headers_counts() {
        let mut headers = HeaderMap::new();
        headers.append(NAMESPACE, "a".parse().unwrap());
        headers.append(NAMESPACE, "b".parse().unwrap());
        let context = context(&headers);
        assert_eq!((context.namespace.as_deref(), context.lease), (Some("a"), None));
    }
}
