//! Names that kernels, runtimes and specifications know. The lists are `core/rules/names.json`.

mod table;

pub(super) use table::*;

/// Capabilities that the kernel has.
pub(super) fn is_capability(name: &str) -> bool {
    is_among(CAPABILITIES, name)
}

/// Whether a list has a name. Most names of a list begin alike, so their ends are looked at first.
pub(super) fn is_among(list: &[&str], name: &str) -> bool {
    let end = |text: &str| (text.len(), text.as_bytes().last().copied());
    let wanted = end(name);
    list.iter().any(|one| end(one) == wanted && *one == name)
}

/// System calls that Linux has.
pub(super) fn is_syscall(name: &str) -> bool {
    SYSCALLS.binary_search(&name).is_ok()
}

/// The name that an alias stands for, by the code of the rule about the value.
pub(super) fn meant(code: &str, text: &str) -> Option<&'static str> {
    let aliases: &[(&str, &'static str)] = match code {
        "OCI-RT-0601" => &[
            ("net", "network"),
            ("mnt", "mount"),
            ("userns", "user"),
            ("pidns", "pid"),
            ("netns", "network"),
            ("ipcns", "ipc"),
            ("utsns", "uts"),
            ("cgroupns", "cgroup"),
        ],
        "OCI-RT-0702" => &[("block", "b"), ("char", "c"), ("fifo", "p"), ("pipe", "p")],
        "OCI-RT-0903" => &[
            ("x86_64", "SCMP_ARCH_X86_64"),
            ("amd64", "SCMP_ARCH_X86_64"),
            ("i386", "SCMP_ARCH_X86"),
            ("386", "SCMP_ARCH_X86"),
            ("arm64", "SCMP_ARCH_AARCH64"),
            ("aarch64", "SCMP_ARCH_AARCH64"),
        ],
        _ => &[],
    };
    let text = text.to_ascii_lowercase();
    aliases.iter().find(|(alias, _)| *alias == text).map(|(_, name)| *name)
}

/// The member that is meant by the name it has in other formats, of those that there are.
pub(super) fn member_meant(key: &str, mut members: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const ALIASES: &[(&str, &str)] = &[
        ("cmd", "args"),
        ("command", "args"),
        ("dst", "destination"),
        ("environment", "env"),
        ("mountPath", "destination"),
        ("opts", "options"),
        ("src", "source"),
        ("target", "destination"),
        ("workdir", "cwd"),
        ("workingDir", "cwd"),
    ];
    let (_, name) = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(key))?;
    members.find(|member| member == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_are_searched_are_sorted() {
        assert!(SYSCALLS.is_sorted());
        assert!(is_syscall("read") && is_syscall("_llseek") && !is_syscall("reed"));
    }
}
