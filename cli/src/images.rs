use crate::args::{CreateImage, Global, Images, Output, UpdateImage};
use crate::listing::Listing;
use crate::{Failure, input, on_each, output, place};
use std::io::{self, Write};
use stowbook::model::{Descriptor, Image};
use stowbook::{Context, DeleteImage, Error, ErrorKind, ImageStore, InNamespace};

pub(crate) fn run(global: &Global, command: Images) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = io::stdout().lock();
    match command {
        Images::Create(create) => {
            let created = place::writable(global)?.namespace(&global.namespace).images().create(&new(create))?;
            if json {
                output::json(&mut out, &created)?;
            }
        }
        Images::List { quiet, filters } => {
            let place = place::open_or_empty(global)?;
            let images = place.namespace(&global.namespace).images();
            LISTING.print(global, &*place, quiet, &mut out, &|visit| images.each(&filters, visit))?;
        }
        Images::Info { name } => {
            let image = place::open_or_empty(global)?.namespace(&global.namespace).images().get(&name)?;
            output::json(&mut out, &image)?;
        }
        Images::Label { name, labels } => {
            let mut image = Image { name, ..Image::default() };
            let fields = input::set(&mut image.labels, "labels", labels);
            let updated = update(global, &image, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            } else {
                writeln!(out, "{}", output::shown(&output::labels(&updated.labels)))?;
            }
        }
        Images::Update(changes) => {
            let (image, fields) = changed(changes)?;
            let updated = update(global, &image, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            }
        }
        Images::Tag { source, targets, force } => {
            let tagged = tag(global, &source, &targets, force)?;
            if json {
                output::json(&mut out, &tagged)?;
            } else {
                print_names(&mut out, &tagged)?;
            }
        }
        Images::Remove { names, sync } => {
            let store = place::writable_existing(global)?;
            let last = names.len();
            let mut written = Ok(());
            on_each(global, &names, |number, name| {
                let mut options = DeleteImage::default();
                // One collection is enough; ctr has it so.
                options.sync = sync && number + 1 == last;
                store.namespace(&global.namespace).images().delete_with(name, &options)?;
                output::name(&mut out, name, &mut written);
                Ok(())
            })?;
            written?;
        }
    }
    Ok(())
}

fn new(create: CreateImage) -> Image {
    let mut target = Descriptor::new(create.media_type, create.digest, create.size);
    target.annotations.extend(create.annotations);
    let mut image = Image::new(create.name, target);
    image.labels.extend(create.labels);
    image
}

fn print_names(out: &mut impl Write, images: &[Image]) -> io::Result<()> {
    images.iter().try_for_each(|image| writeln!(out, "{}", output::shown(&image.name)))
}

const LISTING: Listing<6, Image> = Listing {
    header: ["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"],
    blanks: 1,
    row: |image| {
        let labels = if image.labels.is_empty() { "-".to_owned() } else { output::labels(&image.labels) };
        // The platforms stand in the content, which is not looked at.
        let platforms = "-".to_owned();
        let Descriptor { media_type, digest, size, .. } = &image.target;
        [image.name.clone(), media_type.clone(), digest.clone(), bytes(*size), platforms, labels]
    },
};

/// A size as ctr prints it: `1.6 KiB`.
pub(crate) fn bytes(size: i64) -> String {
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].iter();
    #[expect(clippy::cast_precision_loss, reason = "one place behind the point is shown")]
    let mut number = size as f64;
    let mut unit = units.next();
    while number >= 1024.0
        && let Some(next) = units.next()
    {
        number /= 1024.0;
        unit = Some(next);
    }
    format!("{number:.1} {}", unit.unwrap_or(&""))
}

fn update(global: &Global, image: &Image, fields: &[String]) -> Result<Image, Error> {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    place::writable_existing(global)?.namespace(&global.namespace).images().update(image, &fields)
}

/// The values of an update, and the paths of the fields that change.
fn changed(update: UpdateImage) -> Result<(Image, Vec<String>), Failure> {
    if let Some(path) = &update.record {
        let image = input::read_record(path, "image", &update.name, |image: &mut Image| &mut image.name)?;
        return Ok((image, update.fields));
    }
    let mut image = Image { name: update.name, ..Image::default() };
    let mut fields = Vec::new();
    if let (Some(digest), Some(size), Some(media_type)) = (update.digest, update.size, update.media_type) {
        image.target = Descriptor::new(media_type, digest, size);
        fields.push("target".to_owned());
    }
    // Behind the target, which brings its own annotations.
    fields.extend(input::set(&mut image.target.annotations, "annotations", update.annotations));
    fields.extend(input::set(&mut image.labels, "labels", update.labels));
    Ok((image, fields))
}

/// Together in a book, one after the other at a server.
fn tag(global: &Global, source: &str, targets: &[String], force: bool) -> Result<Vec<Image>, Error> {
    match place::server(global)? {
        Some(server) => tag_in(&server, global, source, targets, force),
        None => place::open_existing(global)?.write(|txn| tag_in(txn, global, source, targets, force)),
    }
}

fn tag_in<S: ImageStore>(
    place: &S,
    global: &Global,
    source: &str,
    targets: &[String],
    force: bool,
) -> Result<Vec<Image>, Error> {
    let images = InNamespace::new(place, Context::in_namespace(&global.namespace)).images();
    let mut image = images.get(source)?;
    let mut tagged = Vec::new();
    for target in targets {
        image.name.clone_from(target);
        tagged.push(match images.create(&image) {
            Err(error) if force && error.kind() == ErrorKind::AlreadyExists => {
                images.delete(target)?;
                images.create(&image)?
            }
            result => result?,
        });
    }
    Ok(tagged)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_printed_as_ctr_prints_them() {
        let sizes = [0, 5, 1023, 1024, 1609, 2_866_266, 64 << 20, i64::MAX].map(super::bytes);
        let printed = ["0.0 B", "5.0 B", "1023.0 B", "1.0 KiB", "1.6 KiB", "2.7 MiB", "64.0 MiB", "8192.0 PiB"];
        assert_eq!(sizes, printed);
    }
}
