use super::{label_argument, label_flag};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Sandboxes {
    /// Create a record
    Create(CreateSandbox),
    /// List the records that any of the filters selects
    #[command(visible_alias = "ls")]
    List {
        /// Print the ids only
        #[arg(short, long)]
        quiet: bool,
        /// Filters, for example 'id~=^pod,labels.tier==front'
        filters: Vec<String>,
    },
    /// Show a record as JSON
    Info {
        /// The sandbox's id
        id: String,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The sandbox's id
        id: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Change fields of a record
    Update(UpdateSandbox),
    /// Remove records
    #[command(visible_aliases = ["rm", "del", "delete"])]
    Remove {
        /// The sandboxes' ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct CreateSandbox {
    /// The sandbox's id
    pub(crate) id: String,
    /// Take the spec from this file (- for standard input) [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A label
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label_flag)]
    pub(crate) labels: Vec<(String, String)>,
    /// The runtime [default: the namespace's label containerd.io/defaults/runtime, else io.containerd.runc.v2]
    #[arg(long)]
    pub(crate) runtime: Option<String>,
    /// The controller [default: the namespace's label containerd.io/defaults/sandboxer, else shim]
    #[arg(long)]
    pub(crate) sandboxer: Option<String>,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct UpdateSandbox {
    /// The sandbox's id
    pub(crate) id: String,
    /// Set the runtime's name
    #[arg(long, group = "change")]
    pub(crate) runtime: Option<String>,
    /// Set a label, or clear it with an empty value
    #[arg(long = "label", value_name = "KEY=VALUE", group = "change", value_parser = label_argument)]
    pub(crate) labels: Vec<(String, String)>,
    /// Set the spec from this file (- for standard input)
    #[arg(long, value_name = "FILE", group = "change")]
    pub(crate) config: Option<PathBuf>,
    /// Take the values from this record as JSON (- for standard input), in the form of `sandboxes info`
    #[arg(long, value_name = "FILE", group = "change", conflicts_with_all = ["runtime", "labels", "config"])]
    pub(crate) record: Option<PathBuf>,
    /// With --record: change only this field, for example labels.tier [default: replace the record]
    #[arg(long = "field", value_name = "PATH", requires = "record")]
    pub(crate) fields: Vec<String>,
}
