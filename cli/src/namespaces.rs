use crate::args::{Global, Namespaces, Output};
use crate::{Failure, output, place};
use std::io::Write as _;
use stowbook::model::Namespace;

pub(crate) fn run(global: &Global, command: Namespaces) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    match command {
        Namespaces::Create { name, labels } => {
            let mut namespace = Namespace::new(name);
            namespace.labels.extend(labels);
            let created = place::open(global)?.namespaces().create(&namespace)?;
            if json {
                output::json(&mut out, &created)?;
            }
        }
        Namespaces::List { quiet } => {
            let namespaces = place::open_or_empty(global)?.namespaces().list()?;
            if quiet {
                namespaces.iter().try_for_each(|namespace| writeln!(out, "{}", output::shown(&namespace.name)))?;
            } else if json {
                output::json(&mut out, &namespaces)?;
            } else {
                let rows: Vec<_> = namespaces
                    .iter()
                    .map(|namespace| [namespace.name.clone(), output::labels(&namespace.labels)])
                    .collect();
                output::table(&mut out, ["NAME", "LABELS"], &rows)?;
            }
        }
        Namespaces::Label { name, labels } => {
            let store = place::open(global)?;
            let fields: Vec<String> = labels.iter().map(|(key, _)| format!("labels.{key}")).collect();
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            let mut namespace = Namespace::new(&name);
            namespace.labels.extend(labels);
            store.namespaces().update(&namespace, &fields)?;
            if json {
                output::json(&mut out, &store.namespaces().get(&name)?)?;
            }
        }
        Namespaces::Remove { names } => {
            let store = place::open_existing(global)?;
            let mut failed = None;
            let mut written = Ok(());
            for name in names {
                match store.namespaces().delete(&name) {
                    // A reader that has gone is no reason to stop in the middle.
                    Ok(()) => written = written.and_then(|()| writeln!(out, "{}", output::shown(&name))),
                    Err(error) => {
                        failed = Some(error.kind().names().exit);
                        output::print_error(global, &error);
                    }
                }
            }
            if let Some(exit) = failed {
                return Err(Failure::Reported(exit));
            }
            written?;
        }
    }
    Ok(())
}
