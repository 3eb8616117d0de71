//! Containers that are started and end at once, in namespaces of their own: nothing of them stays on the machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A runtime that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Runc,
    Crun,
}

impl Tool {
    pub(crate) const ALL: [Tool; 2] = [Tool::Runc, Tool::Crun];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Runc => "runc",
            Tool::Crun => "crun",
        }
    }
}

/// Starts a container of the bundle in the current directory. Its root file system and the runtime's own files are in memory,
/// in a mount namespace that ends with the script. crun refuses hosts with both versions of cgroups, so it sees one.
const SCRIPT: &str = r#"
set -e
mount -t tmpfs tmpfs state
mount -t tmpfs tmpfs rootfs
mkdir rootfs/bin rootfs/dev rootfs/proc rootfs/sys rootfs/tmp
cp true rootfs/bin/true
case $1 in
runc) exec runc --root "$PWD/state" run "$2" ;;
crun)
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    exec crun --root "$PWD/state" --cgroup-manager=disabled run "$2" ;;
esac
"#;

/// A directory in which configs are tried.
pub(crate) struct Bundle {
    pub(crate) path: PathBuf,
    id: String,
}

impl Bundle {
    pub(crate) fn new(path: &Path, id: &str) -> std::io::Result<Self> {
        for folder in ["state", "rootfs/bin", "rootfs/dev", "rootfs/proc", "rootfs/sys", "rootfs/tmp"] {
            std::fs::create_dir_all(path.join(folder))?;
        }
        let program = path.join("true");
        let mut compiler = Command::new("cc")
            .args(["-static", "-Os", "-x", "c", "-", "-o"])
            .arg(&program)
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = compiler.stdin.take() {
            std::io::Write::write_all(&mut input, b"int main(void) { return 0; }\n")?;
        }
        if !compiler.wait()?.success() {
            return Err(std::io::Error::other("cc cannot build a program without libraries"));
        }
        // The checker looks here for what the container will find in memory.
        std::fs::copy(&program, path.join("rootfs/bin/true"))?;
        Ok(Bundle { path: path.to_owned(), id: id.to_owned() })
    }

    /// What the runtime says to a config: nothing if the container starts and ends well.
    pub(crate) fn ask(&self, tool: Tool, config: &[u8]) -> std::io::Result<Option<String>> {
        std::fs::write(self.path.join("config.json"), config)?;
        let said = Command::new("timeout")
            .args(["--signal=KILL", "20", "unshare", "--mount", "--propagation=private", "--net", "--uts", "--ipc"])
            .args(["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", SCRIPT, "sh"])
            .args([tool.name(), &self.id])
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .output()?;
        if said.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&said.stderr);
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.contains("level=warning")).collect();
        lines.drain(..lines.len().saturating_sub(3));
        Ok(Some(if lines.is_empty() { said.status.to_string() } else { lines.join(" | ") }))
    }
}
