use super::{label_argument, label_flag};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Content {
    /// List the records that any of the filters selects
    #[command(visible_alias = "ls")]
    List {
        /// Print the digests only
        #[arg(short, long)]
        quiet: bool,
        /// Filters, for example 'labels.tier==front'
        filters: Vec<String>,
    },
    /// Write the bytes of a blob to standard output
    Get {
        /// The blob's digest
        digest: String,
    },
    /// Make a blob of a file, or of standard input
    Ingest(Ingest),
    /// List what is being written
    #[command(visible_alias = "statuses")]
    Active {
        /// Filters, for example 'ref~=^layer-'
        filters: Vec<String>,
    },
    /// Give up what is being written, and remove its bytes
    Abort {
        /// What the client calls it
        #[arg(required = true, value_name = "REF")]
        references: Vec<String>,
    },
    /// Show a record as JSON
    Info {
        /// The blob's digest
        digest: String,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The blob's digest
        digest: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Delete records; `stowbook gc` removes the bytes that no namespace has a record of
    #[command(visible_aliases = ["rm", "del", "remove"])]
    Delete {
        /// The blobs' digests
        #[arg(required = true, value_name = "DIGEST")]
        digests: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Ingest {
    /// What to call it while it is written
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The file; - for standard input
    #[arg(default_value = "-", hide_default_value = true)]
    pub(crate) file: PathBuf,
    /// Refuse content with another digest
    #[arg(long, value_name = "DIGEST", default_value = "", hide_default_value = true)]
    pub(crate) expected_digest: String,
    /// Refuse content with another number of bytes
    #[arg(long, value_name = "BYTES", default_value = "0", hide_default_value = true)]
    pub(crate) expected_size: i64,
    /// A label of the blob. Without containerd.io/gc.root, or something that refers to it, the next collection takes it
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label_flag)]
    pub(crate) labels: Vec<(String, String)>,
}
