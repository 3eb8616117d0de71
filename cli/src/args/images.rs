use super::{label_argument, label_flag};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum Images {
    /// Create a record: a name for content that lies elsewhere
    Create(CreateImage),
    /// List the records that any of the filters selects; SIZE is the target's own
    #[command(visible_alias = "ls")]
    List {
        /// Print the names only
        #[arg(short, long)]
        quiet: bool,
        /// Filters, for example 'name~=nginx,labels.tier==front'
        filters: Vec<String>,
    },
    /// Show a record as JSON
    #[command(visible_alias = "inspect")]
    Info {
        /// The image's name
        name: String,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The image's name
        name: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Change fields of a record
    Update(UpdateImage),
    /// Give an image more names, all of them or none
    Tag {
        /// The image's name
        source: String,
        /// The names it gets
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<String>,
        /// Take names away from other images
        #[arg(long)]
        force: bool,
    },
    /// Remove records
    #[command(visible_aliases = ["rm", "del", "delete"])]
    Remove {
        /// The images' names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        /// Collect what nothing holds any more, and wait for it
        #[arg(long)]
        sync: bool,
    },
}

#[derive(Args)]
pub(crate) struct CreateImage {
    /// The image's name
    pub(crate) name: String,
    /// The target's digest, for example sha256:…
    #[arg(long)]
    pub(crate) digest: String,
    /// The target's own size in bytes, without what it refers to
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true)]
    pub(crate) size: i64,
    /// The target's media type
    #[arg(long)]
    pub(crate) media_type: String,
    /// An annotation of the target
    #[arg(long = "annotation", value_name = "KEY=VALUE", value_parser = label_argument)]
    pub(crate) annotations: Vec<(String, String)>,
    /// A label
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label_flag)]
    pub(crate) labels: Vec<(String, String)>,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct UpdateImage {
    /// The image's name
    pub(crate) name: String,
    /// Set the target, which goes by its digest, size and media type together; its annotations go
    #[arg(long, group = "change", requires_all = ["size", "media_type"])]
    pub(crate) digest: Option<String>,
    /// The new target's own size in bytes
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, requires = "digest")]
    pub(crate) size: Option<i64>,
    /// The new target's media type
    #[arg(long, requires = "digest")]
    pub(crate) media_type: Option<String>,
    /// Set an annotation of the target, or clear it with an empty value
    #[arg(long = "annotation", value_name = "KEY=VALUE", group = "change", value_parser = label_argument)]
    pub(crate) annotations: Vec<(String, String)>,
    /// Set a label, or clear it with an empty value
    #[arg(long = "label", value_name = "KEY=VALUE", group = "change", value_parser = label_argument)]
    pub(crate) labels: Vec<(String, String)>,
    /// Take the values from this record as JSON (- for standard input), in the form of `images info`
    #[arg(long, value_name = "FILE", group = "change", conflicts_with_all = ["digest", "annotations", "labels"])]
    pub(crate) record: Option<PathBuf>,
    /// With --record: change only this field, for example labels.tier [default: replace the record]
    #[arg(long = "field", value_name = "PATH", requires = "record")]
    pub(crate) fields: Vec<String>,
}
