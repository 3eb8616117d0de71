//! What the core takes from outside: the time and randomness.

use crate::model::Timestamp;

/// The clock and the randomness that a store uses. The core itself has neither, so that it runs in a browser and so that
/// tests decide both.
pub trait Host: Send + Sync {
    /// The time now. Read once for each operation.
    fn now(&self) -> Timestamp;

    /// Fills `out` with bytes that nobody can guess. For names that must not collide; not for secrets.
    fn random(&self, out: &mut [u8]);
}

/// The clock and the randomness of the operating system.
#[cfg(feature = "file")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemHost;

#[cfg(feature = "file")]
#[allow(clippy::disallowed_methods, reason = "this is where the core meets the operating system")]
mod system {
    use super::{Host, SystemHost, Timestamp};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    impl Host for SystemHost {
        fn now(&self) -> Timestamp {
            timestamp(SystemTime::now())
        }

        fn random(&self, out: &mut [u8]) {
            use std::hash::{BuildHasher, Hasher as _, RandomState};
            // The standard library draws these keys from the operating system, anew for each thread, and counts up.
            for chunk in out.chunks_mut(8) {
                let word = RandomState::new().build_hasher().finish().to_le_bytes();
                chunk.iter_mut().zip(word).for_each(|(to, from)| *to = from);
            }
        }
    }

    /// Whether a file of this time was last changed longer ago than this.
    pub(crate) fn is_older(at: SystemTime, than: Duration) -> bool {
        at.elapsed().is_ok_and(|age| age > than)
    }

    /// A time of the system. A clock that is set wrong is no reason to fail. The year 1 would mean that there is no time.
    pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs())
                .ok()
                .and_then(|seconds| Timestamp::new(seconds, since.subsec_nanos()).ok())
                .unwrap_or(Timestamp::MAX),
            Err(_) => Timestamp::UNIX_EPOCH,
        }
    }

    /// Waits. Only for a lock that another process holds.
    pub(crate) fn pause(duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[cfg(feature = "file")]
pub(crate) use system::{is_older, pause, timestamp};
