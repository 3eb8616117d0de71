//! containerd's records of containers, as `ctr containers info` shows them.

use super::context::{Checker, Shown};
use super::view::View as _;
use super::{Kind, fields, patterns, runtime, validate};
use crate::doc::{Shape, Value};
use std::collections::BTreeMap;

const SNAPSHOTTERS: [&str; 15] = [
    "overlayfs",
    "native",
    "btrfs",
    "zfs",
    "devmapper",
    "erofs",
    "blockfile",
    "stargz",
    "nydus",
    "soci",
    "overlaybd",
    "fuse-overlayfs",
    "windows",
    "windows-lcow",
    "cimfs",
];

/// The longest path of a unix socket.
const SOCKET_PATH: usize = 108;

pub(super) fn check(checker: &mut Checker<'_>) {
    let root = checker.root;
    fields::check(checker, root, fields::CONTAINER_RECORD);
    if root.shape() != Shape::Object {
        return;
    }
    id(checker, root);
    runtime_name(checker, root);
    snapshot(checker, root);
    labels(checker, root);
    extensions(checker, root);
    image(checker, root);
    times(checker, root);
    spec(checker, root);
}

fn id(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(value) = root.string("ID") else {
        if checker.needs("CTD-CR-0001", root, "ID") {
            checker.missing("CTD-CR-0001", root, "ID");
        }
        return;
    };
    let id = value.as_str().unwrap_or_default();
    if id.is_empty() {
        checker.at("CTD-CR-0001", value, &[]);
    } else if id.len() > 76 {
        checker.at("CTD-CR-0003", value, &[&id.len()]);
    } else if !patterns::identifier(&id) {
        checker.at("CTD-CR-0002", value, &[&Shown(&id)]);
    }
    // The shim's socket has the namespace and the ID in its path when it is in the state directory.
    let cgroups = root.object("Spec").and_then(|spec| spec.object("linux")).and_then(|linux| linux.text("cgroupsPath"));
    let namespace =
        cgroups.as_deref().and_then(|path| path.strip_prefix('/')?.split('/').next().map(str::len)).unwrap_or(7);
    let path = "/run/containerd/io.containerd.runtime.v2.task///log.sock".len() + namespace + id.len();
    if id.len() <= 76 && path > SOCKET_PATH + 30 {
        checker.at("CTD-CR-0029", value, &[&path]);
    }
    if let Some(value) = root.string("SandboxID").filter(|value| value.raw() != b"\"\"") {
        let sandbox = value.as_str().unwrap_or_default();
        let annotations = root.object("Spec").and_then(|spec| spec.object("annotations"));
        let named = annotations.and_then(|annotations| annotations.string("io.kubernetes.cri.sandbox-id"));
        if !patterns::identifier(&sandbox) {
            checker.at("CTD-CR-0028", value, &[&Shown(&sandbox), &"is no identifier"]);
        } else if let Some(named) = named.filter(|named| named.as_str().as_deref() != Some(&*sandbox)) {
            let found =
                checker.at("CTD-CR-0028", value, &[&Shown(&sandbox), &"is not the sandbox that the annotations name"]);
            found.related(named, "the annotation");
        }
    }
}

fn runtime_name(checker: &mut Checker<'_>, root: Value<'_>) {
    let runtime = root.object("Runtime");
    let Some(value) = runtime.and_then(|runtime| runtime.string("Name")) else {
        if checker.lacks(root, "Runtime") {
            checker.missing("CTD-CR-0004", root, "Runtime");
        } else if let Some(runtime) = runtime.filter(|runtime| checker.lacks(*runtime, "Name")) {
            checker.missing("CTD-CR-0004", runtime, "Name");
        }
        return;
    };
    let name = value.as_str().unwrap_or_default();
    if name.is_empty() {
        checker.at("CTD-CR-0004", value, &[]);
    } else if !name.starts_with('/') && name.split('.').filter(|part| !part.is_empty()).count() < 3 {
        checker.at("CTD-CR-0005", value, &[&Shown(&name)]);
    } else if matches!(&*name, "io.containerd.runtime.v1.linux" | "io.containerd.runc.v1") {
        checker.at("CTD-CR-0006", value, &[&name]);
    }
    let Some(options) = runtime.and_then(|runtime| runtime.object("Options")) else { return };
    if let Some(url) = options.string("type_url") {
        let text = url.as_str().unwrap_or_default();
        let last = text.rsplit('/').next().unwrap_or_default();
        let generic = matches!(last, "runtimeoptions.v1.Options" | "containerd.runtimeoptions.v1.Options" | "");
        let fits = match () {
            () if name.contains("runc") => last == "containerd.runc.v1.Options" || generic,
            () if name.contains("runhcs") => last.starts_with("containerd.runhcs.v1.") || generic,
            () => true,
        };
        if !fits {
            checker.at("CTD-CR-0007", url, &[&Shown(&text), &Shown(&name)]);
        }
    }
    if let Some(value) = options.string("value") {
        let bytes = patterns::base64(&value.as_str().unwrap_or_default());
        if !bytes.is_some_and(|bytes| is_protobuf(&bytes)) {
            checker.at("CTD-CR-0008", value, &[]);
        }
    }
}

/// Whether bytes can be a message: fields with numbers, of types that there are.
fn is_protobuf(mut bytes: &[u8]) -> bool {
    fn number(bytes: &mut &[u8]) -> Option<u64> {
        let mut number = 0u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
    while !bytes.is_empty() {
        let Some(tag) = number(&mut bytes) else { return false };
        let skip = match tag & 7 {
            0 => number(&mut bytes).map(|_| 0),
            1 => Some(8),
            2 => number(&mut bytes),
            5 => Some(4),
            _ => None,
        };
        let rest = skip.and_then(|skip| bytes.get(usize::try_from(skip).ok()?..));
        let Some(rest) = rest.filter(|_| tag >> 3 > 0) else { return false };
        bytes = rest;
    }
    true
}

fn snapshot(checker: &mut Checker<'_>, root: Value<'_>) {
    let filled = |name: &str| root.string(name).filter(|value| value.raw() != b"\"\"");
    let (key, snapshotter) = (filled("SnapshotKey"), filled("Snapshotter"));
    if let (Some(key), None) = (key, snapshotter) {
        checker.at("CTD-CR-0011", key, &[]);
    }
    if let Some(value) = snapshotter {
        let text = value.as_str().unwrap_or_default();
        if !SNAPSHOTTERS.contains(&&*text) {
            checker.at("CTD-CR-0012", value, &[&Shown(&text)]);
        }
    }
    let path = root.object("Spec").and_then(|spec| spec.object("root")).and_then(|root| root.string("path"));
    let Some(path) = path else { return };
    let absolute = path.as_str().unwrap_or_default().starts_with('/');
    if let (None, Some(image), false) = (key, filled("Image"), absolute) {
        checker.at("CTD-CR-0013", image, &[]);
    } else if let (Some(key), true) = (key, absolute) {
        checker.at("CTD-CR-0025", path, &[]).related(key, "the snapshot");
    }
}

fn labels(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(labels) = root.object("Labels") else { return };
    let annotations = root.object("Spec").and_then(|spec| spec.object("annotations"));
    let annotations: BTreeMap<_, _> = annotations
        .into_iter()
        .flat_map(Value::members)
        .filter_map(|annotation| Some((annotation.key()?, annotation)))
        .collect();
    for label in labels.members() {
        let key = label.key().unwrap_or_default();
        let Some(text) = label.as_str() else { continue };
        let length = key.len() + text.len();
        if length > 4096 {
            checker.key("CTD-CR-0014", label, &[&Shown(&key), &length]);
        } else if text.is_empty() {
            checker.key("CTD-CR-0015", label, &[&Shown(&key)]);
        }
        let restart = key.strip_prefix("containerd.io/restart.");
        let known =
            restart.is_some() || key.starts_with("containerd.io/gc.") || key.starts_with("containerd.io/snapshot");
        if (key.starts_with("containerd.io/") && !known) || key.starts_with("io.cri-containerd") {
            // containerd's own CRI part sets this one.
            if key != "io.cri-containerd.kind" && key != "io.cri-containerd.image" {
                checker.key("CTD-CR-0016", label, &[&Shown(&key)]);
            }
        }
        if key == "io.containerd.image.config.stop-signal" && !patterns::signal(&text) {
            checker.at("CTD-CR-0017", label, &[&Shown(&text)]);
        }
        if let Some(name) = restart {
            restart_label(checker, label, name, &text);
        }
        if let Some(other) = annotations.get(&key)
            && other.as_str().is_some_and(|other| other != text)
        {
            checker.at("CTD-CR-0019", label, &[&Shown(&key)]).related(*other, "the annotation");
        }
        let json = key.starts_with("nerdctl/") && text.starts_with(['{', '[']);
        if json && !crate::doc::Document::parse(text.as_bytes()).problems().is_empty() {
            checker.at("CTD-CR-0032", label, &[&Shown(&key)]);
        }
    }
}

fn restart_label(checker: &mut Checker<'_>, label: Value<'_>, name: &str, text: &str) {
    let retries = text.strip_prefix("on-failure:").is_some_and(|count| count.parse::<u32>().is_ok());
    let (fits, wanted) = match name {
        "status" => {
            (matches!(text, "created" | "running" | "stopped" | "paused"), "created, running, stopped or paused")
        }
        "policy" => (
            matches!(text, "no" | "always" | "on-failure" | "unless-stopped") || retries,
            "no, always, on-failure, on-failure:N or unless-stopped",
        ),
        "explicitly-stopped" => (matches!(text, "true" | "false"), "true or false"),
        "logpath" => (false, "replaced by containerd.io/restart.loguri"),
        _ => return,
    };
    if !fits {
        checker.at("CTD-CR-0018", label, &[&name, &wanted]);
    }
}

fn extensions(checker: &mut Checker<'_>, root: Value<'_>) {
    for extension in root.object("Extensions").into_iter().flat_map(Value::members) {
        let key = extension.key().unwrap_or_default();
        if key.is_empty() {
            checker.key("CTD-CR-0020", extension, &[]);
        }
        if extension.shape() == Shape::Object && checker.lacks(extension, "type_url") {
            checker.missing("CTD-CR-0021", extension, "type_url");
        }
    }
}

fn image(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(value) = root.string("Image").filter(|value| value.raw() != b"\"\"") else { return };
    let text = value.as_str().unwrap_or_default();
    let host = text.split('/').next().unwrap_or_default();
    let qualified = text.contains('/') && (host.contains(['.', ':']) || host == "localhost");
    let rest = text.split_once('/').map_or("", |(_, rest)| rest);
    if !qualified || !rest.contains([':', '@']) {
        checker.at("CTD-CR-0022", value, &[&Shown(&text)]);
    }
    if checker.options.advice && !text.contains("@sha256:") {
        checker.at("OCI-SEC-088", value, &[&Shown(&text)]);
    }
}

fn times(checker: &mut Checker<'_>, root: Value<'_>) {
    let mut instants = Vec::new();
    for name in ["CreatedAt", "UpdatedAt"] {
        let Some(value) = root.string(name) else { continue };
        let text = value.as_str().unwrap_or_default();
        match patterns::date_time(&text) {
            Some(at) => instants.push((at, text.into_owned(), value)),
            None => {
                checker.at("CTD-CR-0023", value, &[&format!("{} is not a time by RFC 3339", Shown(&text))]);
            }
        }
    }
    if let [(created, first, _), (updated, second, value)] = instants.as_slice() {
        // Within a second the fractions decide, which compare as text if both are in UTC.
        let earlier = updated < created
            || (updated == created
                && first.ends_with('Z')
                && second.ends_with('Z')
                && second.len() == first.len()
                && second < first);
        if earlier {
            checker.at("CTD-CR-0023", *value, &[&"UpdatedAt is before CreatedAt"]);
        }
    }
}

fn spec<'d>(checker: &mut Checker<'d>, root: Value<'d>) {
    let Some(spec) = root.present("Spec") else {
        if checker.lacks(root, "Spec") {
            checker.missing("CTD-CR-0009", root, "Spec");
        }
        return;
    };
    if let Some(value) = spec.string("value").filter(|_| spec.present("type_url").is_some()) {
        match patterns::base64(&value.as_str().unwrap_or_default()) {
            Some(text) => {
                let report = validate(
                    &text,
                    Some(Kind::RuntimeConfig),
                    &super::Options { host: None, ..checker.options.clone() },
                );
                checker.adopt(value, report);
            }
            None => {
                checker.at("CTD-CR-0010", value, &[]);
            }
        }
        return;
    }
    own_rules(checker, root, spec);
    checker.enter(spec);
    runtime::config(checker, spec);
}

/// What a record demands of its spec.
fn own_rules(checker: &mut Checker<'_>, root: Value<'_>, spec: Value<'_>) {
    let id = root.text("ID").unwrap_or_default();
    let path = spec.object("linux").and_then(|linux| linux.string("cgroupsPath"));
    if let Some(value) = path {
        let text = value.as_str().unwrap_or_default();
        let parts: Vec<&str> = text.split('/').collect();
        // A path with two steps whose second is another container's ID.
        if let (["", _, last], false) = (parts.as_slice(), id.is_empty())
            && *last != id
        {
            checker.at("CTD-CR-0024", value, &[&Shown(&text), &Shown(&id)]);
        }
    }
    let process = spec.object("process");
    let args = process.and_then(|process| process.array("args"));
    let no_image = root.text("Image").is_none_or(|image| image.is_empty());
    if let (true, Some(process)) = (no_image, process)
        && args.is_none_or(|args| args.items().next().is_none())
        && checker.lacks_or_empty(process, "args")
    {
        checker.at("CTD-CR-0026", args.unwrap_or(process), &[]);
    }
    if let Some(annotations) = spec.object("annotations")
        && annotations.present("io.kubernetes.cri.container-type").is_some()
        && annotations.present("io.kubernetes.cri.sandbox-id").is_none()
    {
        checker.at("CTD-CR-0027", annotations, &[]);
    }
    let runtime = root.object("Runtime").and_then(|runtime| runtime.text("Name")).unwrap_or_default();
    if let (true, Some(value)) =
        (runtime.ends_with(".crun.v1") || runtime.ends_with("/crun"), spec.string("ociVersion"))
    {
        let version = value.as_str().unwrap_or_default();
        if patterns::semver(&version).is_some_and(|(numbers, _)| numbers >= [1, 2, 0]) {
            checker.at("CTD-CR-0031", value, &[&Shown(&version), &Shown(&runtime)]);
        }
    }
}
