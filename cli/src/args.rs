//! What can be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use stowbook::check::{Kind, Platform, Profile, Severity};

/// Container metadata without a daemon: create, list, filter, change and delete records by containerd's rules.
#[derive(Parser)]
#[command(name = "stowbook", version, max_term_width = 100, arg_required_else_help = true, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// The book's file [default: book.redb in the user's data directory]
    #[arg(long, global = true, env = "STOWBOOK_DB", value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The namespace to work in
    #[arg(short, long, global = true, env = "CONTAINERD_NAMESPACE", default_value = "default")]
    pub(crate) namespace: String,
    /// How results and errors are printed
    #[arg(short, long, global = true, value_enum, default_value = "table")]
    pub(crate) output: Output,
    /// Open the book for reading only; several processes may do so at a time
    #[arg(long, global = true)]
    pub(crate) read_only: bool,
    /// How long to wait for another process that holds the book
    #[arg(long, global = true, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    pub(crate) lock_timeout: Duration,
    /// Whether the command works on records in the namespace, so that an error tells it.
    #[arg(skip)]
    pub(crate) in_namespace: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns for people, and what ctr prints
    Table,
    /// JSON for programs, errors too
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Container records
    #[command(subcommand, alias = "c", visible_alias = "container")]
    Containers(Containers),
    /// Namespaces
    #[command(subcommand, alias = "ns", visible_alias = "namespace")]
    Namespaces(Namespaces),
    /// The book's file: check, compact, back up, restore
    #[command(subcommand)]
    Db(Db),
    /// Check OCI configurations and containerd records: every problem, with its place and what to do
    Validate(Validate),
    /// Tell what a diagnostic code of validate means
    Explain {
        /// The code, for example OCI-RT-0415
        code: String,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a directory
    Man {
        /// The directory; it must exist
        directory: PathBuf,
    },
}

#[derive(Subcommand)]
pub(crate) enum Containers {
    /// Create a record: [REF] ID [ARG…]
    Create(Create),
    /// List the records that any of the filters selects
    #[command(visible_alias = "ls")]
    List {
        /// Print the ids only
        #[arg(short, long)]
        quiet: bool,
        /// Filters, for example 'labels.role==web,image~=nginx'
        filters: Vec<String>,
    },
    /// Show a record as JSON
    Info {
        /// The container's id
        id: String,
        /// Show the spec only
        #[arg(long)]
        spec: bool,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The container's id
        id: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Change fields of a record
    Update(Update),
    /// Delete records
    #[command(visible_aliases = ["rm", "del", "remove"])]
    Delete {
        /// The containers' ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Create {
    /// The image's name (not with --config), the container's id, then the command and its arguments
    #[arg(required = true, value_name = "[REF] ID [ARG]", trailing_var_arg = true)]
    pub(crate) words: Vec<String>,
    /// Take the runtime spec from this file (- for standard input) instead of the default one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A label; it becomes an annotation of the spec too, as with ctr
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label_flag)]
    pub(crate) labels: Vec<(String, String)>,
    /// The runtime [default: the namespace's label containerd.io/defaults/runtime, else io.containerd.runc.v2]
    #[arg(long)]
    pub(crate) runtime: Option<String>,
    /// The snapshotter that holds the root file system
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) snapshotter: String,
    /// The key of the root file system's snapshot
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) snapshot_key: String,
    /// The sandbox that the container belongs to
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) sandbox: String,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub(crate) struct Update {
    /// The container's id
    pub(crate) id: String,
    /// Set the image's name
    #[arg(long, group = "change")]
    pub(crate) image: Option<String>,
    /// Set the snapshot's key
    #[arg(long, group = "change")]
    pub(crate) snapshot_key: Option<String>,
    /// Set a label, or clear it with an empty value
    #[arg(long = "label", value_name = "KEY=VALUE", group = "change", value_parser = label_argument)]
    pub(crate) labels: Vec<(String, String)>,
    /// Set the runtime spec from this file (- for standard input)
    #[arg(long, value_name = "FILE", group = "change")]
    pub(crate) config: Option<PathBuf>,
    /// Take the values from this record as JSON (- for standard input), in the form of `-o json c ls`
    #[arg(long, value_name = "FILE", group = "change", conflicts_with_all = ["image", "snapshot_key", "labels", "config"])]
    pub(crate) record: Option<PathBuf>,
    /// With --record: change only this field, for example labels.role [default: replace the record]
    #[arg(long = "field", value_name = "PATH", requires = "record")]
    pub(crate) fields: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum Namespaces {
    /// Create a namespace
    #[command(visible_alias = "c")]
    Create {
        /// The name
        name: String,
        /// Labels
        #[arg(value_name = "KEY=VALUE", value_parser = label_flag)]
        labels: Vec<(String, String)>,
    },
    /// List the namespaces
    #[command(visible_alias = "ls")]
    List {
        /// Print the names only
        #[arg(short, long)]
        quiet: bool,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The name
        name: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Delete empty namespaces
    #[command(visible_aliases = ["rm", "delete"])]
    Remove {
        /// The names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Db {
    /// Show which book it is
    Info,
    /// Look at every page and every value, and tell what is wrong
    Check,
    /// Give unused space of the file back to the system
    Compact,
    /// Copy the book into a new file, checking every value
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Put a backup in the place of the book
    Restore {
        /// The backup
        file: PathBuf,
        /// Replace the book that is there
        #[arg(long)]
        replace: bool,
    },
}

#[derive(Args)]
pub(crate) struct Validate {
    /// The files to check (- for standard input)
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the files are [default: what they look like]
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Kind::ALL.map(|(_, name)| name)))]
    pub(crate) kind: Option<String>,
    /// The runtime that a config is for: an error that it accepts is a warning
    #[arg(long, default_value = "any", value_parser = clap::builder::PossibleValuesParser::new(Profile::ALL.map(|(_, name)| name)))]
    pub(crate) profile: String,
    /// The platform that a runtime config is for [default: that of the sections it has]
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Platform::ALL.map(|(_, name)| name)))]
    pub(crate) platform: Option<String>,
    /// Give advice on secure configuration too
    #[arg(long)]
    pub(crate) advice: bool,
    /// Ask this host what only a host knows: paths, kernel, devices
    #[arg(long)]
    pub(crate) host: bool,
    /// Put right in the files what can only be meant one way
    #[arg(long)]
    pub(crate) fix: bool,
    /// Exit with status 1 from this severity on
    #[arg(long, value_enum, default_value = "error")]
    pub(crate) fail_on: FailOn,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
    /// Leave out findings: a code or its beginning, at all places or at those that match
    #[arg(long, value_name = "CODE[@POINTER]")]
    pub(crate) ignore: Vec<String>,
    /// Take unknown members for errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// The containers run without root on the host
    #[arg(long)]
    pub(crate) rootless: bool,
    /// The version of the host's cgroups
    #[arg(long, value_enum, default_value = "unknown")]
    pub(crate) cgroup: Cgroup,
    /// Systemd manages the cgroups
    #[arg(long)]
    pub(crate) systemd_cgroup: bool,
    /// Print the summary only
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    /// This asks for advice too
    Advice,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Advice => Severity::Advice,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the place in the text
    Human,
    /// A line for each finding
    Short,
    /// JSON
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Commands for a GitHub workflow
    Github,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cgroup {
    Unknown,
    V1,
    V2,
}

impl From<Cgroup> for stowbook::check::Cgroup {
    fn from(cgroup: Cgroup) -> Self {
        match cgroup {
            Cgroup::Unknown => stowbook::check::Cgroup::Unknown,
            Cgroup::V1 => stowbook::check::Cgroup::V1,
            Cgroup::V2 => stowbook::check::Cgroup::V2,
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "write it as a number of seconds, for example 2.5".to_owned())
}

/// `KEY` alone means `KEY=true`, as with ctr's --label.
fn label_flag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, "true"));
    Ok((key.to_owned(), value.to_owned()))
}

fn label_argument(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE, or KEY= to clear the label")?;
    Ok((key.to_owned(), value.to_owned()))
}
