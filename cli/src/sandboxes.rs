use crate::args::{CreateSandbox, Global, Output, Sandboxes, UpdateSandbox};
use crate::listing::Listing;
use crate::{Failure, defaults, input, on_each, output, place};
use std::io::{self, Write as _};
use stowbook::Error;
use stowbook::model::{Any, Sandbox, Timestamp};
use stowbook::oci::SPEC_TYPE_URL;

pub(crate) fn run(global: &Global, command: Sandboxes) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = io::stdout().lock();
    match command {
        Sandboxes::Create(create) => {
            let created = run_create(global, create)?;
            if json {
                output::json(&mut out, &created)?;
            }
        }
        Sandboxes::List { quiet, filters } => {
            let place = place::open_or_empty(global)?;
            let sandboxes = place.namespace(&global.namespace).sandboxes();
            LISTING.print(global, &*place, quiet, &mut out, &|visit| sandboxes.each(&filters, visit))?;
        }
        Sandboxes::Info { id } => {
            let sandbox = place::open_or_empty(global)?.namespace(&global.namespace).sandboxes().get(&id)?;
            output::json(&mut out, &sandbox)?;
        }
        Sandboxes::Label { id, labels } => {
            let mut sandbox = Sandbox { id, ..Sandbox::default() };
            let fields = input::set(&mut sandbox.labels, "labels", labels);
            let updated = update(global, &sandbox, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            } else {
                writeln!(out, "{}", output::shown(&output::labels(&updated.labels)))?;
            }
        }
        Sandboxes::Update(changes) => {
            let (sandbox, fields) = changed(changes)?;
            let updated = update(global, &sandbox, &fields)?;
            if json {
                output::json(&mut out, &updated)?;
            }
        }
        Sandboxes::Remove { ids } => {
            let store = place::writable_existing(global)?;
            on_each(global, &ids, |_, id| store.namespace(&global.namespace).sandboxes().delete(id))?;
        }
    }
    Ok(())
}

const LISTING: Listing<3, Sandbox> = Listing {
    header: ["ID", "CREATED", "RUNTIME"],
    blanks: 1,
    row: |sandbox| [sandbox.id.clone(), time(sandbox.created_at), sandbox.runtime.name.clone()],
};

fn run_create(global: &Global, create: CreateSandbox) -> Result<Sandbox, Error> {
    let store = place::writable(global)?;
    let runtime = create.runtime.map_or_else(|| defaults::runtime(&*store, &global.namespace), Ok)?;
    let mut sandbox = Sandbox::new(create.id, runtime);
    sandbox.sandboxer = create.sandboxer.map_or_else(|| defaults::sandboxer(&*store, &global.namespace), Ok)?;
    sandbox.labels.extend(create.labels);
    if let Some(path) = create.config {
        sandbox.spec = Some(Any::new(SPEC_TYPE_URL, input::read_spec(&path)?));
    }
    store.namespace(&global.namespace).sandboxes().create(&sandbox)
}

/// A time as Go prints it.
fn time(time: Option<Timestamp>) -> String {
    let text = time.unwrap_or(Timestamp::YEAR_ONE).to_string();
    text.replace('T', " ").replace('Z', " +0000 UTC")
}

fn update(global: &Global, sandbox: &Sandbox, fields: &[String]) -> Result<Sandbox, Error> {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    place::writable_existing(global)?.namespace(&global.namespace).sandboxes().update(sandbox, &fields)
}

/// The values of an update, and the paths of the fields that change.
fn changed(update: UpdateSandbox) -> Result<(Sandbox, Vec<String>), Error> {
    if let Some(path) = &update.record {
        let sandbox = input::read_record(path, "sandbox", &update.id, |sandbox: &mut Sandbox| &mut sandbox.id)?;
        return Ok((sandbox, update.fields));
    }
    let mut sandbox = Sandbox { id: update.id, ..Sandbox::default() };
    let mut fields = input::set(&mut sandbox.labels, "labels", update.labels);
    if let Some(runtime) = update.runtime {
        sandbox.runtime.name = runtime;
        fields.push("runtime".to_owned());
    }
    if let Some(path) = update.config {
        sandbox.spec = Some(Any::new(SPEC_TYPE_URL, input::read_spec(&path)?));
        fields.push("spec".to_owned());
    }
    Ok((sandbox, fields))
}
