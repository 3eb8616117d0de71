//! How far long work is, for people who watch.

use std::io::{IsTerminal as _, Write as _};

/// After how many steps the line is written anew.
const STEP: u64 = 10_000;

/// A line on standard error, when that is a terminal, that goes when the work is done.
pub(crate) struct Progress {
    visible: bool,
    what: &'static str,
    count: u64,
    written: bool,
}

impl Progress {
    pub(crate) fn new(what: &'static str) -> Self {
        Progress { visible: std::io::stderr().is_terminal(), what, count: 0, written: false }
    }

    pub(crate) fn step(&mut self) {
        self.count += 1;
        if self.visible && self.count.is_multiple_of(STEP) {
            self.written = true;
            // There is nobody to tell when standard error fails.
            let _ = write!(std::io::stderr(), "\r{} {}", self.count, self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.written {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
