//! Which sort of document a text is.

use super::nearest::nearest;
use crate::doc::{Document, Shape, Value};

/// A sort of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// An OCI runtime config: `config.json` of a bundle.
    RuntimeConfig,
    /// What a runtime says it can do.
    RuntimeFeatures,
    /// The state that a runtime tells of a container.
    RuntimeState,
    /// A seccomp profile that stands alone.
    Seccomp,
    /// An OCI image manifest.
    ImageManifest,
    /// An OCI image index.
    ImageIndex,
    /// An image's config.
    ImageConfig,
    /// A descriptor that stands alone.
    Descriptor,
    /// The `oci-layout` file.
    ImageLayout,
    /// A record of containerd, as `ctr containers info` shows it.
    ContainerdRecord,
    /// Docker's image manifest, schema 2.
    DockerManifest,
    /// Docker's manifest list.
    DockerIndex,
}

impl Kind {
    /// Each kind with its name.
    pub const ALL: [(Kind, &'static str); 12] = [
        (Kind::RuntimeConfig, "runtime-config"),
        (Kind::RuntimeFeatures, "runtime-features"),
        (Kind::RuntimeState, "runtime-state"),
        (Kind::Seccomp, "seccomp"),
        (Kind::ImageManifest, "image-manifest"),
        (Kind::ImageIndex, "image-index"),
        (Kind::ImageConfig, "image-config"),
        (Kind::Descriptor, "descriptor"),
        (Kind::ImageLayout, "image-layout"),
        (Kind::ContainerdRecord, "containerd-record"),
        (Kind::DockerManifest, "docker-manifest"),
        (Kind::DockerIndex, "docker-index"),
    ];

    /// Its name, as in `runtime-config`.
    pub fn name(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// Media types that say which sort of document it is.
pub(super) const MEDIA_TYPES: [(&str, Kind); 5] = [
    ("application/vnd.oci.image.manifest.v1+json", Kind::ImageManifest),
    ("application/vnd.oci.image.index.v1+json", Kind::ImageIndex),
    ("application/vnd.docker.distribution.manifest.v2+json", Kind::DockerManifest),
    ("application/vnd.docker.distribution.manifest.list.v2+json", Kind::DockerIndex),
    ("application/vnd.oci.image.config.v1+json", Kind::ImageConfig),
];

/// Which sort of document a text is, from its media type or its members. Nothing if that cannot be told.
pub fn detect(text: &[u8]) -> Option<Kind> {
    let document = Document::parse(text);
    of(&document).or_else(|| likely(&document))
}

/// What a text is, if that is nothing like the kind that it is said to be: a runtime config for an image's manifest, say.
pub(super) fn contradicts(document: &Document<'_>, kind: Kind) -> Option<Kind> {
    let other = of(document).filter(|other| family(*other) != family(kind))?;
    let root = document.root();
    (!family(kind).iter().any(|mark| root.get(mark).is_some())).then_some(other)
}

/// Members that documents of the same sort as this one have.
fn family(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::RuntimeConfig | Kind::RuntimeState | Kind::RuntimeFeatures => {
            &["ociVersion", "process", "root", "mounts", "linux", "ociVersionMin", "ociVersionMax"]
        }
        Kind::Seccomp => &["defaultAction", "syscalls", "architectures"],
        Kind::ContainerdRecord => &["ID", "Spec", "Runtime", "Image", "Labels", "Snapshotter", "id", "spec", "runtime"],
        _ => &[
            "schemaVersion",
            "mediaType",
            "config",
            "layers",
            "manifests",
            "rootfs",
            "architecture",
            "digest",
            "size",
            "imageLayoutVersion",
        ],
    }
}

/// The same for a text in which no mark is written right: the first member that looks like one decides.
pub(super) fn likely(document: &Document<'_>) -> Option<Kind> {
    const MARKS: [(&str, Kind); 6] = [
        ("imageLayoutVersion", Kind::ImageLayout),
        ("ociVersion", Kind::RuntimeConfig),
        ("process", Kind::RuntimeConfig),
        ("mounts", Kind::RuntimeConfig),
        ("manifests", Kind::ImageIndex),
        ("defaultAction", Kind::Seccomp),
    ];
    let kind = |member: Value<'_>| {
        let name = nearest(&member.key()?, MARKS.map(|(name, _)| name))?;
        MARKS.iter().find(|(mark, _)| *mark == name).map(|(_, kind)| *kind)
    };
    // Kubernetes' objects have a member much like ociVersion.
    let root = document.root();
    if root.get("apiVersion").is_some() { None } else { root.members().take(16).find_map(kind) }
}

pub(super) fn of(document: &Document<'_>) -> Option<Kind> {
    let root = document.root();
    if root.shape() != Shape::Object {
        return None;
    }
    let has = |name: &str| root.get(name).is_some();
    let is = |name: &str, shape: Shape| root.get(name).is_some_and(|value: Value<'_>| value.shape() == shape);
    let descriptor = has("digest") && has("size");
    let media_type = root.get("mediaType").and_then(Value::as_str).unwrap_or_default();
    if let (false, Some((_, kind))) = (descriptor, MEDIA_TYPES.iter().find(|(name, _)| *name == media_type)) {
        return Some(*kind);
    }
    Some(match () {
        () if has("imageLayoutVersion") => Kind::ImageLayout,
        () if is("manifests", Shape::Array) => Kind::ImageIndex,
        () if (has("layers") && has("config")) || has("fsLayers") => Kind::ImageManifest,
        () if is("rootfs", Shape::Object) && (has("architecture") || has("os")) => Kind::ImageConfig,
        () if descriptor && has("mediaType") => Kind::Descriptor,
        () if has("ociVersion") && has("status") && has("id") => Kind::RuntimeState,
        () if has("ociVersion") => Kind::RuntimeConfig,
        () if has("ociVersionMin") || has("ociVersionMax") => Kind::RuntimeFeatures,
        () if has("ID") && (has("Spec") || has("Runtime")) => Kind::ContainerdRecord,
        // Its keys may be those of another tool; that is a finding then.
        () if (has("Spec") && has("Snapshotter")) || (has("id") && has("spec") && has("runtime")) => {
            Kind::ContainerdRecord
        }
        () if has("defaultAction") => Kind::Seccomp,
        // A runtime config may lack its version; that is one of the findings then.
        () if has("process") || has("mounts") || (has("root") && has("linux")) => Kind::RuntimeConfig,
        () => return None,
    })
}
