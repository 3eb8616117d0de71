//! Generated files: bring the tree in line with them, or say where it is not.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Whether the tree is changed or only looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write what differs.
    Write,
    /// Name what differs.
    Check,
}

/// The output of one task: files by their path below the project's root, `/` between names on every system.
#[derive(Default)]
pub(crate) struct Files {
    contents: BTreeMap<String, String>,
    /// Folders that hold nothing else: a file there that is not in `contents` is left from an earlier run.
    owned_folders: Vec<String>,
}

impl Files {
    /// Adds a file.
    pub(crate) fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.contents.insert(path.into(), text.into());
    }

    /// Says that a folder holds nothing but this task's files.
    pub(crate) fn own(&mut self, folder: impl Into<String>) {
        self.owned_folders.push(folder.into());
    }

    /// Compares with the tree, changes it if `mode` says so, and gives the files that differed, in order.
    pub(crate) fn bring(&self, root: &Path, mode: Mode) -> io::Result<Vec<String>> {
        let mut stale = Vec::new();
        for (path, text) in &self.contents {
            let file = root.join(path);
            match fs::read(&file) {
                // What differs only in line ends is a matter of git's settings, not of the generator.
                Ok(found) if without_carriage_returns(&found) == text.as_bytes() => continue,
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if mode == Mode::Write {
                if let Some(folder) = file.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(&file, text)?;
            }
            stale.push(path.clone());
        }
        for folder in &self.owned_folders {
            let entries = match fs::read_dir(root.join(folder)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
                if self.contents.contains_key(&path) {
                    continue;
                }
                if mode == Mode::Write {
                    fs::remove_file(entry.path())?;
                }
                stale.push(path);
            }
        }
        stale.sort();
        Ok(stale)
    }
}

fn without_carriage_returns(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b'\r').collect()
}
