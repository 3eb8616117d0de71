use crate::{Error, ErrorKind};
use std::fmt;

/// One thing that is wrong with a bbolt file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The page that it was found on, if it lies on one.
    pub page: Option<u64>,
    /// What is wrong.
    pub problem: String,
    /// `DataLoss`, or what the place gave that the file lies in.
    pub kind: ErrorKind,
    /// Whether nothing is lost by it. bbolt itself loses free pages now and then: when a bucket is changed and deleted in one
    /// transaction.
    pub harmless: bool,
}

impl Fault {
    pub(super) fn on(page: u64, problem: impl Into<String>) -> Self {
        Fault { page: Some(page), problem: problem.into(), kind: ErrorKind::DataLoss, harmless: false }
    }

    pub(super) fn harmless(page: u64, problem: impl Into<String>) -> Self {
        Fault { harmless: true, ..Self::on(page, problem) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.page {
            Some(page) => write!(f, "page {page}: {}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let lost = fault.kind == ErrorKind::DataLoss;
        let error = Error::classed(fault.kind, fault.to_string());
        let error = if lost { error.with_help(super::SALVAGE) } else { error };
        match fault.page {
            Some(page) => error.with_detail("page", page),
            None => error,
        }
    }
}
