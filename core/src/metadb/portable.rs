//! Records on their way into a book.

use super::decode::{Decoder, Problem};
use super::finding::path_text;
use super::node::strict;
use super::records::model;
use super::survey::{self, SCHEMA};
use super::{Kind, MetaDb, json};
use crate::Result;
use crate::bolt::Walk;
use crate::model::{Container, Namespace};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A namespace with what a book can take over.
pub(crate) struct Portable {
    pub(crate) namespace: Namespace,
    /// Whether it was ever given a container: an empty list is not the same as none (§9.6).
    pub(crate) had_containers: bool,
    pub(crate) containers: Vec<Container>,
    /// How many records of other kinds it has.
    pub(crate) left_out: BTreeMap<Kind, u64>,
    /// What a book cannot hold to the byte.
    pub(crate) inexact: Vec<String>,
}

impl MetaDb {
    /// The namespaces that `wanted` names (none: all), of one state of the file.
    pub(crate) fn portable(&self, wanted: &[String]) -> Result<Vec<Portable>> {
        self.read(|state| {
            let walk = Walk::new(state.view);
            let mut out = Vec::new();
            for directory in survey::directories(&walk, &state.view.root(), &mut strict)? {
                if !wanted.is_empty() && !wanted.iter().any(|name| name.as_bytes() == directory.name) {
                    continue;
                }
                let labels = directory.labels(&walk, &mut strict)?;
                let mut decoder = Decoder::default();
                let namespace = decoder.namespace(&directory.name, labels.as_ref());
                let path = path_text(&[SCHEMA.to_vec(), directory.name.clone()]);
                let mut portable = Portable {
                    namespace,
                    had_containers: directory.has(Kind::Container),
                    containers: Vec::new(),
                    left_out: BTreeMap::new(),
                    inexact: not_text(&path, &decoder),
                };
                directory.records(&walk, &Kind::ALL, &mut strict, &mut |record| {
                    if record.kind == Kind::Container {
                        let mut decoder = Decoder::default();
                        let decode = |into: &mut Decoder, node: &_| {
                            let container = into.container(node);
                            decoder.problems.clone_from(&into.problems);
                            container
                        };
                        let container = model(record.kind, record.namespace, &record.node, decode)?;
                        let path = path_text(&record.path());
                        portable.inexact.extend(not_text(&path, &decoder));
                        if json::record(record.kind, &record.node).members.contains_key("unknown") {
                            portable.inexact.push(format!("{path}: has members that containerd 2.3 does not know"));
                        }
                        portable.containers.push(container);
                    } else {
                        let count = portable.left_out.entry(record.kind).or_default();
                        *count = count.saturating_add(1);
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
                out.push(portable);
            }
            Ok(out)
        })
    }
}

fn not_text(path: &str, decoder: &Decoder) -> Vec<String> {
    let texts = decoder.problems.iter().filter(|problem| matches!(problem, Problem::NotText(_)));
    texts.map(|problem| format!("{path}: {}", problem.text())).collect()
}
