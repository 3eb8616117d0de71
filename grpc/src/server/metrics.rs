//! Counts of what was asked and answered.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use tonic::Code;

#[derive(Default)]
pub(super) struct Metrics {
    connections: AtomicI64,
    calls: AtomicI64,
    /// Calls by their path and code. Paths that are not served are one: clients choose them.
    answered: Mutex<BTreeMap<(&'static str, i32), u64>>,
}

/// Counts one as long as it lives.
pub(super) struct Counted<'a>(&'a AtomicI64);

impl<'a> Counted<'a> {
    fn new(gauge: &'a AtomicI64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Counted(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(super) fn connection(&self) -> Counted<'_> {
        Counted::new(&self.connections)
    }

    pub(super) fn call(&self) -> Counted<'_> {
        Counted::new(&self.calls)
    }

    pub(super) fn answered(&self, path: Option<&'static str>, code: Code) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = answered.entry((path.unwrap_or("unknown"), code.into())).or_default();
        *count = count.saturating_add(1);
    }

    /// Everything, as Prometheus reads it.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for (name, help, gauge) in [
            ("stowbook_connections", "Connections that are open.", &self.connections),
            ("stowbook_calls_running", "Calls that are being answered.", &self.calls),
        ] {
            let value = gauge.load(Ordering::Relaxed);
            // Writing to a string does not fail.
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        let name = "stowbook_calls_total";
        let _ = writeln!(out, "# HELP {name} Calls that began to be answered.\n# TYPE {name} counter");
        for ((path, code), count) in &*self.answered.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(out, "{name}{{method=\"{path}\",code=\"{code}\"}} {count}");
        }
        out
    }
}
