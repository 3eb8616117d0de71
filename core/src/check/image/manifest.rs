//! Image manifests.

use super::descriptor::{self, EMPTY_TYPE, Role};
use super::{Heading, annotations};
use crate::check::context::{Checker, Shown};
use crate::check::view::{View as _, strings};
use crate::check::{Kind, patterns, runtime};
use crate::doc::{Document, Shape, Value};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.";

const HEADING: Heading = Heading {
    version: "OCI-IM-0202",
    no_type: "OCI-IM-0203",
    wrong_type: "OCI-IM-0204",
    artifact: "OCI-IM-0210",
    subject: "OCI-IM-0214",
    kinds: &[Kind::ImageManifest, Kind::DockerManifest],
};

pub(super) fn check(checker: &mut Checker<'_>, root: Value<'_>) {
    if root.shape() != Shape::Object {
        return;
    }
    super::heading(checker, root, &HEADING);
    let config = root.object("config");
    let config_type = config.and_then(|config| config.text("mediaType")).unwrap_or_default().into_owned();
    if let Some(config) = config {
        self::config(checker, root, config, &config_type);
    }
    let is_image = matches!(config_type.as_str(), OCI_CONFIG | DOCKER_CONFIG);
    layers(checker, root, config, is_image);
    descriptor::consistent(checker, root.list("layers"));
    if let Some(config) = config.filter(|_| is_image) {
        against_config(checker, root, config);
    }
    if let Some(annotations) = root.object("annotations") {
        annotations::check(checker, annotations);
    }
    runtime::manifest_advice(checker, root);
}

fn config(checker: &mut Checker<'_>, root: Value<'_>, config: Value<'_>, kind: &str) {
    descriptor::check(checker, config, Role::Config);
    let is_artifact = root.present("artifactType").is_some();
    if let (true, Some(value)) =
        (kind == EMPTY_TYPE && checker.needs("OCI-IM-0209", root, "artifactType"), config.present("mediaType"))
    {
        checker.at("OCI-IM-0209", value, &[]).for_parent(root);
    }
    let known = matches!(kind, OCI_CONFIG | DOCKER_CONFIG | EMPTY_TYPE) || is_artifact;
    if let (false, true, Some(value)) = (known, patterns::media_type(kind), config.present("mediaType")) {
        checker.at("OCI-IM-0206", value, &[&Shown(kind)]);
    }
}

/// Holds the layers against the config that they go with, if it is known.
fn against_config(checker: &mut Checker<'_>, root: Value<'_>, config: Value<'_>) {
    let (Some(digest), Some(layers)) = (config.text("digest"), root.array("layers")) else { return };
    let Some(content) = checker.ask("OCI-IM-0217", "blob contents", |host| host.content(&digest)) else { return };
    let document = Document::parse(&content);
    let Some(rootfs) = document.root().object("rootfs") else { return };
    let ids: BTreeSet<_> = strings(rootfs.list("diff_ids")).map(|(_, id)| id).collect();
    let (count, listed) = (layers.items().count(), rootfs.list("diff_ids").count());
    if count != listed {
        checker.at("OCI-IM-0217", layers, &[&count, &listed]);
    }
    for layer in layers.items() {
        let compressed = layer.text("mediaType").is_some_and(|kind| kind.ends_with("gzip") || kind.ends_with("zstd"));
        let digest = layer
            .string("digest")
            .filter(|digest| compressed && digest.as_str().is_some_and(|text| ids.contains(&text)));
        if let Some(digest) = digest {
            checker.at("OCI-IM-0406", digest, &[]);
        }
    }
}

fn layers(checker: &mut Checker<'_>, root: Value<'_>, config: Option<Value<'_>>, is_image: bool) {
    let Some(list) = root.array("layers") else { return };
    if list.items().next().is_none() {
        checker.at("OCI-IM-0208", list, &[]);
    }
    let docker = checker.kind == Kind::DockerManifest;
    // One cause, one finding: all of an image of the other format is here because of one word at the top.
    let other = if docker { (OCI_CONFIG, OCI_LAYER) } else { (DOCKER_CONFIG, DOCKER_LAYER) };
    let of_other = |layer: Value<'_>| layer.text("mediaType").is_some_and(|kind| kind.starts_with(other.1));
    let config_of_other = config.and_then(|config| config.text("mediaType")).is_some_and(|kind| kind == other.0);
    let whole = config_of_other && list.items().all(of_other);
    if let (true, Some(value), Some(_)) = (whole, root.string("mediaType"), list.items().next()) {
        let (is, says) = if docker { ("OCI", "Docker") } else { ("Docker", "OCI") };
        let words = "config and layers are those of an {} image, and this is the type of {}'s";
        checker.say("OCI-IM-0212", value, words, &[&is, &says]);
    }
    let mut seen: BTreeMap<Cow<'_, str>, Value<'_>> = BTreeMap::new();
    let config_digest = config.and_then(|config| config.text("digest"));
    for layer in list.items() {
        descriptor::check(checker, layer, Role::Layer);
        let kind = layer.text("mediaType").unwrap_or_default().into_owned();
        if let (Some(value), true) = (layer.string("mediaType"), is_image && patterns::media_type(&kind)) {
            media_type(checker, value, &kind, docker != whole);
        }
        let foreign = kind.contains("nondistributable") || kind.contains("foreign");
        if let Some(urls) = layer.array("urls").filter(|urls| !foreign && urls.items().next().is_some()) {
            checker.at("OCI-IM-0220", urls, &[]).warning();
        }
        let Some(digest) = layer.text("digest") else { continue };
        if config_digest.as_deref() == Some(&*digest)
            && kind != EMPTY_TYPE
            && let Some(value) = config.and_then(|config| config.present("digest"))
        {
            checker.at("OCI-IM-0215", value, &[]).related(layer, "this layer has the same digest");
        }
        if let Some(first) = seen.insert(digest, layer) {
            checker.at("OCI-IM-0216", layer, &[]).related(first, "the same layer");
        }
    }
}

fn media_type(checker: &mut Checker<'_>, value: Value<'_>, kind: &str, docker: bool) {
    let plain = kind.strip_suffix("+encrypted").unwrap_or(kind);
    let oci = plain.strip_prefix(OCI_LAYER);
    let known = match oci {
        Some(rest) => {
            let rest = rest.strip_prefix("nondistributable.").unwrap_or(rest);
            matches!(rest, "v1.tar" | "v1.tar+gzip" | "v1.tar+zstd")
        }
        None => plain.strip_prefix(DOCKER_LAYER).is_some_and(|rest| {
            matches!(
                rest,
                "diff.tar" | "diff.tar.gzip" | "diff.tar.zstd" | "foreign.diff.tar" | "foreign.diff.tar.gzip"
            )
        }),
    };
    if !known {
        checker.at("OCI-IM-0211", value, &[&Shown(kind)]);
    } else if oci.is_some_and(|rest| rest.starts_with("nondistributable.")) {
        checker.at("OCI-IM-0213", value, &[]);
    } else if oci.is_some() == docker {
        let other = if docker { "an OCI layer in a Docker manifest" } else { "a Docker layer in an OCI manifest" };
        checker.at("OCI-IM-0212", value, &[&other]);
    }
}
