use crate::names::{are_short, fields, is_identifier, is_namespace, labels, one_of_few, set, settle};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use stowbook::model::{Descriptor, Image};
use stowbook::{Context, DeleteImage, ImageStore, Result};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create(Image),
    Update(Image, Vec<String>),
    Delete(String, Option<String>),
    Get(String),
    List(&'static str),
}

/// Images by their namespaces and names, without their times.
pub(crate) type Images = BTreeMap<(String, String), Image>;

fn digest() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(vec!["a", "b"]).prop_map(|digit| format!("sha256:{}", digit.repeat(64))),
        1 => prop::sample::select(vec!["", "nope", "sha256:a"]).prop_map(str::to_owned),
    ]
}

fn image() -> impl Strategy<Value = Image> {
    (
        one_of_few(),
        labels(),
        labels(),
        digest(),
        prop_oneof![8 => 1..20i64, 1 => -1..2i64],
        prop::sample::select(vec!["mt", "mt", "mt", "mt", "other", "other", ""]),
    )
        .prop_map(|(name, labels, annotations, digest, size, media_type)| {
            let mut image = Image::new(name, Descriptor::new(media_type, digest, size));
            image.labels = labels;
            image.target.annotations = annotations;
            image
        })
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    const PATHS: &[&str] =
        &["labels", "labels.x", "labels.x.y", "target", "target", "annotations", "annotations.x", "target.size"];
    let filters =
        vec!["", "labels.x==1", "annotations.\"x.y\"", "target.digest~=b$", "target.mediatype==other", "name"];
    prop_oneof![
        6 => image().prop_map(Op::Create),
        5 => (image(), fields(PATHS)).prop_map(|(image, fields)| Op::Update(image, fields)),
        2 => (one_of_few(), prop::option::of(digest())).prop_map(|(name, target)| Op::Delete(name, target)),
        2 => one_of_few().prop_map(Op::Get),
        4 => prop::sample::select(filters).prop_map(Op::List),
    ]
}

/// The image as it is stored, if it can be.
fn stored(image: &Image) -> Option<Image> {
    let mut image = image.clone();
    let Descriptor { digest, size, media_type, .. } = &image.target;
    let good_digest = digest.len() == 71 && digest.starts_with("sha256:");
    let valid =
        !image.name.is_empty() && are_short(&image.labels) && good_digest && *size > 0 && !media_type.is_empty();
    (valid && settle(&mut image.labels) && settle(&mut image.target.annotations)).then_some(image)
}

fn updated(before: &Image, image: &Image, fields: &[String]) -> Option<Image> {
    let mut now = before.clone();
    if fields.is_empty() {
        now = image.clone();
    }
    for field in fields {
        match field.as_str() {
            "labels" => now.labels.clone_from(&image.labels),
            "target" => now.target.clone_from(&image.target),
            "annotations" => now.target.annotations.clone_from(&image.target.annotations),
            "annotations.x" => set(&mut now.target.annotations, &image.target.annotations, "x"),
            field => set(&mut now.labels, &image.labels, field.strip_prefix("labels.")?),
        }
    }
    stored(&now)
}

fn is_selected(filter: &str, image: &Image) -> bool {
    match filter {
        "labels.x==1" => image.labels.get("x").is_some_and(|value| value == "1"),
        "annotations.\"x.y\"" => image.target.annotations.contains_key("x.y"),
        "target.digest~=b$" => image.target.digest.ends_with('b'),
        "target.mediatype==other" => image.target.media_type == "other",
        _ => true,
    }
}

/// Applies an operation; answers whether it is to succeed.
pub(crate) fn apply(images: &mut Images, ns: &str, op: &Op) -> bool {
    let key = |name: &str| (ns.to_owned(), name.to_owned());
    match op {
        Op::Create(image) => {
            let image = stored(image).filter(|_| is_namespace(ns) && !images.contains_key(&key(&image.name)));
            image.map(|image| images.insert(key(&image.name), image)).is_some()
        }
        Op::Update(image, fields) => {
            let before = images.get(&key(&image.name));
            let now = before.and_then(|before| updated(before, image, fields));
            now.map(|now| images.insert(key(&now.name), now)).is_some()
        }
        Op::Delete(name, target) => {
            let target = target.as_ref().filter(|digest| !digest.is_empty());
            let found = images.get(&key(name));
            let ok = found.is_some_and(|image| target.is_none_or(|digest| *digest == image.target.digest));
            ok && images.remove(&key(name)).is_some()
        }
        Op::Get(name) => images.contains_key(&key(name)),
        Op::List(_) => is_identifier(ns),
    }
}

fn without_times(mut image: Image) -> Image {
    image.created_at = None;
    image.updated_at = None;
    image
}

pub(crate) fn list(place: &impl ImageStore, ns: &str, filter: &str) -> Result<Vec<Image>> {
    let mut out = Vec::new();
    place.list_images(&Context::in_namespace(ns), &[filter.as_bytes()], &mut |image| {
        out.push(without_times(image));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(out)
}

pub(crate) fn listed(images: &Images, ns: &str, filter: &str) -> Vec<Image> {
    let selected = images.iter().filter(|((in_ns, _), image)| in_ns == ns && is_selected(filter, image));
    selected.map(|(_, image)| image.clone()).collect()
}

/// Plays an operation. What it answers is compared with the images as they are to be behind it.
pub(crate) fn play(place: &impl ImageStore, ns: &str, op: &Op, images: &Images) -> Result<()> {
    let context = Context::in_namespace(ns);
    let same = |image: Image| {
        let image = without_times(image);
        assert_eq!(Some(&image), images.get(&(ns.to_owned(), image.name.clone())));
    };
    match op {
        Op::Create(image) => place.create_image(&context, image, None).map(same),
        Op::Update(image, fields) => {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            place.update_image(&context, image, &fields, None).map(same)
        }
        Op::Delete(name, target) => {
            let mut options = DeleteImage::default();
            options.target = target.as_ref().map(|digest| Descriptor::new("", digest, 0));
            place.delete_image(&context, name, &options)
        }
        Op::Get(name) => place.get_image(&context, name).map(same),
        Op::List(filter) => {
            list(place, ns, filter).map(|found| assert_eq!(found, listed(images, ns, filter), "{filter}"))
        }
    }
}
