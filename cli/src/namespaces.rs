use crate::args::{Global, Namespaces, Output};
use crate::{Failure, on_each, output, place};
use std::io::Write as _;
use stowbook::model::Namespace;

pub(crate) fn run(global: &Global, command: Namespaces) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    match command {
        Namespaces::Create { name, labels } => {
            let mut namespace = Namespace::new(name);
            namespace.labels.extend(labels);
            let created = place::writable(global)?.namespaces().create(&namespace)?;
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
                output::table(&mut out, 4, ["NAME", "LABELS"], &rows)?;
            }
        }
        Namespaces::Label { name, labels } => {
            let store = place::writable(global)?;
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
            let store = place::writable_existing(global)?;
            let mut written = Ok(());
            on_each(global, &names, |_, name| {
                store.namespaces().delete(name)?;
                output::name(&mut out, name, &mut written);
                Ok(())
            })?;
            written?;
        }
    }
    Ok(())
}
