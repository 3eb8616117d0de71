use crate::args::{Db, Global, Output};
use crate::{Failure, output, place};
use std::io::Write as _;
use stowbook::{ErrorKind, RestoreOptions};

pub(crate) fn run(global: &Global, command: Db) -> Result<(), Failure> {
    let json = global.output == Output::Json;
    let mut out = std::io::stdout().lock();
    let path = place::path(global)?;
    match command {
        Db::Info => {
            let header = place::open_existing(global)?.header()?;
            let id: String = header.id.iter().map(|byte| format!("{byte:02x}")).collect();
            let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
            if json {
                output::json(
                    &mut out,
                    &serde_json::json!({
                        "file": path.display().to_string(), "bytes": bytes, "format_version": header.format_version,
                        "id": id, "created_at": header.created_at,
                    }),
                )?;
            } else {
                writeln!(out, "file:     {}", path.display())?;
                writeln!(out, "bytes:    {bytes}")?;
                writeln!(out, "format:   {}", header.format_version)?;
                writeln!(out, "id:       {id}")?;
                writeln!(out, "created:  {}", header.created_at)?;
            }
        }
        Db::Check => {
            let findings = place::open_existing(global)?.check()?;
            if json {
                let findings: Vec<_> = findings
                    .iter()
                    .map(|finding| serde_json::json!({"place": finding.place, "problem": finding.problem}))
                    .collect();
                output::json(&mut out, &findings)?;
            } else {
                findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
                if findings.is_empty() {
                    writeln!(out, "no problem found")?;
                }
            }
            if !findings.is_empty() {
                return Err(Failure::Reported(1));
            }
        }
        Db::Compact => {
            let size = || std::fs::metadata(&path).map_or(0, |meta| meta.len());
            let before = size();
            let store = place::open_existing(global)?;
            store.compact()?;
            drop(store);
            let after = size();
            if json {
                output::json(&mut out, &serde_json::json!({"bytes_before": before, "bytes_after": after}))?;
            } else {
                writeln!(out, "{before} bytes before, {after} bytes after")?;
            }
        }
        Db::Backup { file } => {
            let keys = place::open_existing(global)?.backup(&file)?;
            report(&mut out, json, keys, &file)?;
        }
        Db::Restore { file, replace } => {
            let mut options = RestoreOptions::default();
            options.replace = replace;
            place::make_default_folder(global)?;
            let keys = stowbook::restore(&file, &path, &options).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => {
                    error.with_help("--replace puts the backup in its place; --db names another file")
                }
                _ => error,
            })?;
            report(&mut out, json, keys, &path)?;
        }
    }
    Ok(())
}

fn report(out: &mut impl std::io::Write, json: bool, keys: u64, file: &std::path::Path) -> std::io::Result<()> {
    if json {
        return output::json(out, &serde_json::json!({"keys": keys, "file": file.display().to_string()}));
    }
    writeln!(out, "{keys} keys written to {}", file.display())
}
