use crate::args::{Global, LeaseResource, LeaseResources, Leases, Output};
use crate::{Failure, on_each, output, place};
use std::io::Write;
use stowbook::model::{self, Lease, Timestamp};
use stowbook::{Error, Host as _, SystemHost};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

pub(crate) fn run(global: &Global, command: Leases) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    match command {
        Leases::Create { id, expires, labels } => {
            let mut lease = Lease { id, ..Lease::default() };
            lease.labels.extend(labels);
            if expires > 0 {
                lease.expire_at(from_now(expires)?);
            }
            let created = place::writable(global)?.namespace(&global.namespace).leases().create(&lease)?;
            if json {
                output::json(&mut out, &created)?;
            } else {
                writeln!(out, "{}", output::shown(&created.id))?;
            }
        }
        Leases::List { quiet, filters } => list(global, quiet, &filters, &mut out)?,
        Leases::Delete { sync, ids } => delete(global, sync, &ids, &mut out)?,
        Leases::Resources(LeaseResources::List { lease }) => {
            let resources = place::open_or_empty(global)?.namespace(&global.namespace).leases().resources(&lease)?;
            if json {
                output::json(&mut out, &resources)?;
            } else {
                let rows: Vec<_> = resources.into_iter().map(|resource| [resource.kind, resource.id]).collect();
                output::table(&mut out, 1, ["TYPE", "ID"], &rows)?;
            }
        }
        Leases::Resources(LeaseResources::Add(resource)) => {
            let (lease, resource) = record(resource);
            place::writable_existing(global)?.namespace(&global.namespace).leases().add_resource(&lease, &resource)?;
        }
        Leases::Resources(LeaseResources::Delete(resource)) => {
            let (lease, resource) = record(resource);
            place::writable_existing(global)?
                .namespace(&global.namespace)
                .leases()
                .delete_resource(&lease, &resource)?;
        }
    }
    Ok(())
}

fn list(global: &Global, quiet: bool, filters: &[String], out: &mut impl Write) -> Result<(), Failure> {
    let leases = place::open_or_empty(global)?.namespace(&global.namespace).leases().list(filters)?;
    if quiet {
        leases.iter().try_for_each(|lease| writeln!(out, "{}", output::shown(&lease.id)))?;
    } else if global.output == Output::Json {
        output::json(out, &leases)?;
    } else {
        let rows: Vec<_> = leases
            .into_iter()
            .map(|lease| {
                let labels = if lease.labels.is_empty() { "-".to_owned() } else { output::labels(&lease.labels) };
                [lease.id, lease.created_at.map(output::whole_seconds).unwrap_or_default(), labels]
            })
            .collect();
        output::table(out, 1, ["ID", "CREATED AT", "LABELS"], &rows)?;
    }
    Ok(())
}

fn delete(global: &Global, sync: bool, ids: &[String], out: &mut impl Write) -> Result<(), Failure> {
    let store = place::writable_existing(global)?;
    let leases = store.namespace(&global.namespace).leases();
    let mut written = Ok(());
    on_each(global, ids, |number, id| {
        // One collection is enough: the last one.
        if sync && number + 1 == ids.len() { leases.delete_and_collect(id) } else { leases.delete(id) }?;
        output::name(out, id, &mut written);
        Ok(())
    })?;
    Ok(written?)
}

fn record(resource: LeaseResource) -> (String, model::LeaseResource) {
    let LeaseResource { lease, kind, id } = resource;
    (lease, model::LeaseResource { id, kind, ..model::LeaseResource::default() })
}

/// The time that lies so many nanoseconds ahead.
fn from_now(nanos: i64) -> Result<Timestamp, Error> {
    let now = SystemHost.now();
    let carried = (i64::from(now.nanos()) + nanos % NANOS_PER_SECOND) / NANOS_PER_SECOND;
    Timestamp::new(now.seconds() + nanos / NANOS_PER_SECOND + carried, 0)
}
