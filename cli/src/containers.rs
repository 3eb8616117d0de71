mod info;

use crate::args::{Containers, Create, Global, Output, Update};
use crate::listing::Listing;
use crate::{Failure, defaults, input, on_each, output, place};
use std::io::Write as _;
use stowbook::Error;
use stowbook::model::{Any, Container};
use stowbook::oci::{SPEC_TYPE_URL, SpecOptions, default_spec};

const RUNC_OPTIONS_TYPE_URL: &str = "containerd.runc.v1.Options";

pub(crate) fn run(global: &Global, command: Containers) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    match command {
        Containers::Create(create) => {
            let created = run_create(global, create)?;
            if json {
                output::json(&mut out, &created)?;
            }
        }
        Containers::List { quiet, filters } => {
            let place = place::open_or_empty(global)?;
            let containers = place.namespace(&global.namespace).containers();
            LISTING.print(global, &*place, quiet, &mut out, &|visit| containers.each(&filters, visit))?;
        }
        Containers::Info { id, spec } => {
            let container = place::open_or_empty(global)?.namespace(&global.namespace).containers().get(&id)?;
            match (spec, json) {
                (true, _) => out.write_all(info::spec(&container)?.as_bytes())?,
                // The form that `list` has for programs, and that `update --record` takes.
                (false, true) => output::json(&mut out, &*container)?,
                (false, false) => out.write_all(info::record(&container).as_bytes())?,
            }
        }
        Containers::Label { id, labels } => {
            let mut container = Container { id, ..Container::default() };
            let fields = input::set(&mut container.labels, "labels", labels);
            let updated = update(global, &container, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            } else {
                writeln!(out, "{}", output::shown(&output::labels(&updated.labels)))?;
            }
        }
        Containers::Update(changes) => {
            let (container, fields) = changed(changes)?;
            let updated = update(global, &container, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            }
        }
        Containers::Delete { ids } => {
            let store = place::writable_existing(global)?;
            on_each(global, &ids, |_, id| store.namespace(&global.namespace).containers().delete(id))?;
        }
    }
    Ok(())
}

const LISTING: Listing<3, Container> = Listing {
    header: ["CONTAINER", "IMAGE", "RUNTIME"],
    blanks: 4,
    row: |container| {
        let image = if container.image.is_empty() { "-" } else { &container.image };
        [container.id.clone(), image.to_owned(), container.runtime.name.clone()]
    },
};

fn run_create(global: &Global, create: Create) -> Result<Container, Failure> {
    let mut words = create.words.into_iter();
    // With a spec of one's own there is no image, only the id; ctr has it so.
    let image = if create.config.is_none() { words.next() } else { None };
    let Some(id) = words.next() else {
        return Err(Failure::usage("container id must be provided", "stowbook containers create REF ID [ARG…]"));
    };
    let args: Vec<String> = words.collect();
    if create.config.is_some() && !args.is_empty() {
        let correct = "stowbook containers create --config FILE ID";
        return Err(Failure::usage("with spec config file, only container id should be provided", correct));
    }
    let store = place::writable(global)?;
    let runtime = create.runtime.map_or_else(|| defaults::runtime(&*store, &global.namespace), Ok)?;
    let mut container = Container::new(id, runtime);
    if container.runtime.name == defaults::RUNC {
        container.runtime.options = Some(Any::new(RUNC_OPTIONS_TYPE_URL, []));
    }
    container.image = image.unwrap_or_default();
    container.snapshotter = create.snapshotter;
    container.snapshot_key = create.snapshot_key;
    container.sandbox_id = create.sandbox;
    container.labels.extend(create.labels);
    container.spec = Some(match &create.config {
        Some(path) => Any::new(SPEC_TYPE_URL, input::read_spec(path)?),
        None => {
            let mut options = SpecOptions::default();
            options.args = args;
            options.annotations.clone_from(&container.labels);
            default_spec(&global.namespace, &container.id, &options)
        }
    });
    Ok(store.namespace(&global.namespace).containers().create(&container)?)
}

fn update(global: &Global, container: &Container, fields: &[String]) -> Result<Container, Error> {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    place::writable_existing(global)?.namespace(&global.namespace).containers().update(container, &fields)
}

/// The values of an update, and the paths of the fields that change.
fn changed(update: Update) -> Result<(Container, Vec<String>), Failure> {
    if let Some(path) = &update.record {
        let container =
            input::read_record(path, "container", &update.id, |container: &mut Container| &mut container.id)?;
        return Ok((container, update.fields));
    }
    let mut container = Container { id: update.id, ..Container::default() };
    let mut fields = input::set(&mut container.labels, "labels", update.labels);
    if let Some(image) = update.image {
        container.image = image;
        fields.push("image".to_owned());
    }
    if let Some(key) = update.snapshot_key {
        container.snapshot_key = key;
        fields.push("snapshotkey".to_owned());
    }
    if let Some(path) = update.config {
        container.spec = Some(Any::new(SPEC_TYPE_URL, input::read_spec(&path)?));
        fields.push("spec".to_owned());
    }
    Ok((container, fields))
}
