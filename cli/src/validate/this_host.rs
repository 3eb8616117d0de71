//! What this host knows, for `--host`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use stowbook::check::{Host, PathKind};

/// What [`Host::blob`] answers.
type Measured = Option<Option<(u64, bool)>>;

/// The machine that the program runs on.
pub(super) struct ThisHost {
    /// The folder of the document: relative paths start there.
    bundle: PathBuf,
    /// What was found of blobs; they may be long to read.
    blobs: RefCell<BTreeMap<String, Measured>>,
}

/// The largest blob that is read: registries take no larger manifests.
const LARGEST_CONTENT: u64 = 4 << 20;

impl ThisHost {
    /// The machine, as a document in this folder sees it.
    pub(super) fn new(bundle: PathBuf) -> Self {
        ThisHost { bundle, blobs: RefCell::default() }
    }

    /// Where a layout keeps a blob; nothing if the document is not in a layout.
    pub(super) fn blob_path(&self, digest: &str) -> Option<PathBuf> {
        let (algorithm, encoded) = digest.split_once(':')?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let blobs = self.bundle.join("blobs");
        (plain(algorithm) && plain(encoded) && blobs.is_dir()).then(|| blobs.join(algorithm).join(encoded))
    }

    /// Reads a blob whole.
    fn measure(&self, digest: &str) -> Measured {
        match fs::File::open(self.blob_path(digest)?) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(None),
            // What cannot be read is not known.
            Err(_) => None,
            Ok(mut file) => Some(Some(stowbook::check::measure(&mut file, digest).ok()?)),
        }
    }
}

impl Host for ThisHost {
    fn path(&self, path: &str) -> Option<PathKind> {
        let path = self.bundle.join(path);
        let found = match fs::symlink_metadata(&path) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(PathKind::Missing),
            // What may not be looked at is not known.
            Err(_) => return None,
        };
        let kind = found.file_type();
        Some(match () {
            () if kind.is_dir() => {
                let through_link = path.is_absolute() && path.canonicalize().is_ok_and(|real| real != path);
                if through_link { PathKind::Symlink } else { PathKind::Directory }
            }
            () if kind.is_symlink() => match fs::metadata(&path) {
                Ok(_) => PathKind::Symlink,
                Err(_) => PathKind::Missing,
            },
            () if !kind.is_file() => PathKind::Device,
            () if is_executable(&found) => PathKind::Executable,
            () => PathKind::File,
        })
    }

    fn blob(&self, digest: &str) -> Option<Option<(u64, bool)>> {
        if let Some(found) = self.blobs.borrow().get(digest) {
            return *found;
        }
        let found = self.measure(digest);
        self.blobs.borrow_mut().insert(digest.to_owned(), found);
        found
    }

    fn blobs(&self) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for algorithm in fs::read_dir(self.bundle.join("blobs")).ok()? {
            let algorithm = algorithm.ok()?;
            for blob in fs::read_dir(algorithm.path()).ok()? {
                let (folder, file) = (algorithm.file_name(), blob.ok()?.file_name());
                found.push(format!("{}:{}", folder.to_string_lossy(), file.to_string_lossy()));
            }
        }
        found.sort();
        Some(found)
    }

    fn content(&self, digest: &str) -> Option<Vec<u8>> {
        let path = self.blob_path(digest)?;
        let size = fs::metadata(&path).ok()?.len();
        (size <= LARGEST_CONTENT).then(|| fs::read(path).ok())?
    }

    fn filesystems(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string("/proc/filesystems").ok()?;
        Some(text.lines().filter_map(|line| line.split_whitespace().last()).map(str::to_owned).collect())
    }

    fn apparmor(&self) -> Option<bool> {
        let on = fs::read_to_string("/sys/module/apparmor/parameters/enabled");
        Some(on.is_ok_and(|text| text.trim() == "Y"))
    }

    fn selinux(&self) -> Option<bool> {
        Some(Path::new("/sys/fs/selinux/enforce").exists())
    }

    fn terminal(&self) -> Option<bool> {
        Some(std::io::stdin().is_terminal())
    }

    fn most_open_files(&self) -> Option<u64> {
        fs::read_to_string("/proc/sys/fs/nr_open").ok()?.trim().parse().ok()
    }

    fn processors(&self) -> Option<u64> {
        let text = fs::read_to_string("/sys/devices/system/cpu/possible").ok()?;
        let last = text.trim().rsplit(['-', ',']).next()?;
        Some(last.parse::<u64>().ok()? + 1)
    }

    fn huge_page_sizes(&self) -> Option<Vec<String>> {
        let folder = fs::read_dir("/sys/kernel/mm/hugepages").ok()?;
        let size = |name: String| {
            let kilobytes: u64 = name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
            Some(match kilobytes {
                0..1024 => format!("{kilobytes}KB"),
                1024..1_048_576 => format!("{}MB", kilobytes / 1024),
                _ => format!("{}GB", kilobytes / 1_048_576),
            })
        };
        Some(folder.filter_map(|entry| size(entry.ok()?.file_name().to_string_lossy().into_owned())).collect())
    }
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    true
}
