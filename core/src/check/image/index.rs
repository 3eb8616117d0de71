//! Image indexes.

use super::descriptor::{self, Role};
use super::{Heading, annotations, platform};
use crate::check::context::{Checker, Shown};
use crate::check::detect::MEDIA_TYPES;
use crate::check::view::View as _;
use crate::check::{Kind, patterns};
use crate::doc::{Document, Shape, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const HEADING: Heading = Heading {
    version: "OCI-IM-0301",
    no_type: "OCI-IM-0302",
    wrong_type: "OCI-IM-0303",
    artifact: "OCI-IM-0319",
    subject: "OCI-IM-0317",
    kinds: &[Kind::ImageIndex, Kind::DockerIndex],
};

const PLATFORM: platform::Codes =
    platform::Codes { architecture: "OCI-IM-0308", os: "OCI-IM-0309", variant: "OCI-IM-0310", spelling: "OCI-IM-0315" };

/// How deep indexes may be nested.
const DEEPEST: usize = 8;
/// How many descriptors are followed to their blobs.
const MOST_FOLLOWED: usize = 100;
/// How many blobs are counted as named.
const MOST_NAMED: usize = 10_000;

const REF_NAME: &str = "org.opencontainers.image.ref.name";
const ATTESTED: &str = "vnd.docker.reference.digest";

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    if root.shape() != Shape::Object {
        return;
    }
    super::heading(checker, root, &HEADING);
    if let Some(annotations) = root.object("annotations") {
        annotations::check(checker, annotations);
    }
    let Some(list) = root.array("manifests") else { return };
    let entries: Vec<_> = list.items().filter(|entry| entry.shape() == Shape::Object).collect();
    if entries.len() > 1000 {
        checker.at("OCI-IM-0006", list, &[&"it has more than 1000 entries"]);
    }
    if entries.is_empty() && list.items().next().is_none() {
        checker.at("OCI-IM-0510", list, &[]);
    }
    let digests: BTreeSet<_> = entries.iter().filter_map(|entry| entry.text("digest")).collect();
    let mut platforms: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let mut names: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    for entry in &entries {
        self::entry(checker, *entry, entries.len());
        same_platform(checker, *entry, &mut platforms);
        let Some(annotations) = entry.object("annotations") else { continue };
        if let Some(name) = annotations.string(REF_NAME) {
            reference_name(checker, name, &mut names);
        }
        let attested = annotations.string(ATTESTED);
        if let Some(value) = attested.filter(|value| value.as_str().is_some_and(|digest| !digests.contains(&digest))) {
            checker.at("OCI-IM-0318", value, &[]);
        }
    }
    descriptor::consistent(checker, entries.iter().copied());
    for entry in entries.iter().take(MOST_FOLLOWED) {
        other_platform(checker, *entry);
        too_deep(checker, *entry);
    }
    unreferenced(checker, root);
}

fn entry(checker: &mut Checker<'_>, entry: Value<'_>, count: usize) {
    descriptor::check(checker, entry, Role::Manifest);
    let kind = entry.text("mediaType").unwrap_or_default();
    let of = MEDIA_TYPES.iter().find(|(name, _)| *name == kind).map(|(_, kind)| *kind);
    let is_manifest = matches!(of, Some(Kind::ImageManifest | Kind::DockerManifest));
    if let (None, true, Some(value)) = (of, patterns::media_type(&kind), entry.string("mediaType")) {
        checker.at("OCI-IM-0306", value, &[&Shown(&kind)]);
    }
    match entry.object("platform") {
        Some(platform) => {
            platform::check(checker, platform, &PLATFORM);
            platform::windows(checker, platform);
            if let Some(features) = platform.present("features") {
                checker.key("OCI-IM-0314", features, &[]);
            }
        }
        None if is_manifest && checker.lacks(entry, "platform") && entry.present("artifactType").is_none() => {
            let code = if count > 1 { "OCI-IM-0313" } else { "OCI-IM-0114" };
            checker.missing(code, entry, "platform");
        }
        None => {}
    }
}

/// What a descriptor in an index leads to, if it is known.
fn content(checker: &mut Checker<'_>, code: &'static str, digest: &str) -> Option<Vec<u8>> {
    patterns::digest(digest)?;
    checker.ask(code, "blob contents", |host| host.content(digest))
}

/// Holds an entry's platform against the config of its image.
fn other_platform(checker: &mut Checker<'_>, entry: Value<'_>) {
    let Some(platform) = entry.object("platform") else { return };
    let digest = entry.text("digest").unwrap_or_default();
    let Some(manifest) = content(checker, "OCI-IM-0218", &digest) else { return };
    let manifest = Document::parse(&manifest);
    let digest = manifest.root().object("config").and_then(|config| config.text("digest")).unwrap_or_default();
    let Some(config) = content(checker, "OCI-IM-0218", &digest) else { return };
    let config = Document::parse(&config);
    for name in ["os", "architecture"] {
        let (here, there) = (platform.text(name), config.root().text(name));
        if let (Some(value), Some(there)) = (platform.string(name), there.filter(|there| here.as_ref() != Some(there)))
        {
            checker.at("OCI-IM-0218", value, &[&name, &Shown(&there)]);
        }
    }
}

/// Follows indexes inside an index; one that holds itself is without end.
fn too_deep(checker: &mut Checker<'_>, entry: Value<'_>) {
    let is_index = |value: Value<'_>| {
        let kind = value.text("mediaType").unwrap_or_default();
        MEDIA_TYPES.iter().any(|(name, of)| *name == kind && matches!(of, Kind::ImageIndex | Kind::DockerIndex))
    };
    let mut todo: Vec<(String, usize)> =
        entry.text("digest").filter(|_| is_index(entry)).map(|digest| (digest.into_owned(), 1)).into_iter().collect();
    let mut followed = 0;
    while let Some((digest, depth)) = todo.pop() {
        followed += 1;
        if depth > DEEPEST {
            checker.at("OCI-IM-0316", entry, &[]);
            return;
        }
        let Some(text) = content(checker, "OCI-IM-0316", &digest).filter(|_| followed <= MOST_FOLLOWED) else { return };
        let document = Document::parse(&text);
        let inner = document.root().list("manifests").filter(|value| is_index(*value));
        todo.extend(
            inner.take(MOST_FOLLOWED).filter_map(|value| Some((value.text("digest")?.into_owned(), depth + 1))),
        );
    }
}

fn same_platform<'d>(checker: &mut Checker<'_>, entry: Value<'d>, seen: &mut BTreeMap<Cow<'d, str>, Value<'d>>) {
    let Some(platform) = entry.object("platform") else { return };
    if platform.text("os").as_deref() == Some("unknown") || entry.present("artifactType").is_some() {
        return;
    }
    let names = ["os", "architecture", "variant", "os.version"];
    let mut key = names.map(|name| platform.text(name).unwrap_or_default().into_owned()).join("\n");
    key += &String::from_utf8_lossy(platform.present("os.features").map(Value::raw).unwrap_or_default());
    // Two names for one platform are two images of it.
    let name = entry.object("annotations").and_then(|annotations| annotations.text(REF_NAME));
    key += &name.unwrap_or_default();
    if let Some(first) = seen.get(&*key) {
        checker.at("OCI-IM-0312", entry, &[]).related(*first, "this entry is taken");
    } else {
        seen.insert(key.into(), entry);
    }
}

fn reference_name<'d>(checker: &mut Checker<'_>, value: Value<'d>, seen: &mut BTreeMap<Cow<'d, str>, Value<'d>>) {
    let text = value.as_str().unwrap_or_default().into_owned();
    if !patterns::reference_name(&text) {
        checker.at("OCI-IM-0506", value, &[&Shown(&text)]);
    }
    if let Some(first) = seen.insert(text.clone().into(), value) {
        checker.at("OCI-IM-0507", value, &[&Shown(&text)]).related(first, "the other one");
    }
}

/// Blobs that a layout holds and that nothing names, from its index on. Without all manifests that is not known.
fn unreferenced(checker: &mut Checker<'_>, root: Value<'_>) {
    let Some(blobs) = checker.ask("OCI-IM-0509", "blobs", |host| host.blobs()).filter(|blobs| !blobs.is_empty()) else {
        return;
    };
    let mut named = BTreeSet::new();
    let mut todo = named_by(root);
    while let Some((media_type, digest)) = todo.pop() {
        let leads_on = MEDIA_TYPES.iter().any(|(name, kind)| *name == media_type && *kind != Kind::ImageConfig);
        if !named.insert(digest.clone()) || !leads_on || !blobs.contains(&digest) {
            continue;
        }
        let Some(text) = content(checker, "OCI-IM-0509", &digest).filter(|_| named.len() <= MOST_NAMED) else { return };
        todo.extend(named_by(Document::parse(&text).root()));
    }
    if blobs.iter().any(|blob| !named.contains(blob)) {
        checker.at("OCI-IM-0509", root, &[]);
    }
}

/// The media types and digests of what an index or a manifest names.
fn named_by(root: Value<'_>) -> Vec<(String, String)> {
    let lists = root.list("manifests").chain(root.list("layers"));
    let all = lists.chain(root.object("config")).chain(root.object("subject"));
    all.filter_map(|one| {
        Some((one.text("mediaType").unwrap_or_default().into_owned(), one.text("digest")?.into_owned()))
    })
    .collect()
}
