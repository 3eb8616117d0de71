use serde::Serialize;
use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// Bytes are not what was written there.
    Damage,
    /// The file is whole, but what it says does not add up: a reference to what is not there, a text that is not UTF-8.
    /// containerd lets such things come about.
    Oddity,
}

/// One thing that is wrong with a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The page that it was found on, where it lies on one.
    pub page: Option<u64>,
    /// The keys of the buckets on the way to it, joined with slashes; keys with signs of their own are quoted, long ones cut. Empty for
    /// the file itself.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(page) = self.page {
            write!(f, "page {page}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

/// How much of a key is shown: a path is told with each finding behind it.
const SHOWN_KEY_BYTES: usize = 256;

/// A path of keys as text.
pub(super) fn path_text(path: &[impl AsRef<[u8]>]) -> String {
    let plain =
        |key: &[u8]| !key.is_empty() && key.iter().all(|byte| byte.is_ascii_graphic() && !b"/\"\\".contains(byte));
    let keys = path.iter().map(|key| match key.as_ref() {
        key if key.len() > SHOWN_KEY_BYTES => {
            let shown = key.get(..SHOWN_KEY_BYTES).unwrap_or_default();
            format!("{}…", crate::text::quote(shown))
        }
        key if plain(key) => crate::text::lossy(key).into_owned(),
        key => crate::text::quote(key),
    });
    keys.collect::<Vec<_>>().join("/")
}
