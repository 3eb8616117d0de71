//! What can be typed.

mod content;
mod images;
mod sandboxes;
mod snapshots;

pub(crate) use content::{Content, Ingest};
pub(crate) use images::{CreateImage, Images, UpdateImage};
pub(crate) use sandboxes::{CreateSandbox, Sandboxes, UpdateSandbox};
pub(crate) use snapshots::{CreateSnapshot, Snapshots, SnapshotsCommand};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;
use stowbook::Since;
use stowbook::check::{Kind, Platform, Profile, Severity};

/// Container metadata without a daemon: create, list, filter, change and delete records by containerd's rules.
#[derive(Parser)]
#[command(name = "stowbook", version, max_term_width = 100, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  stowbook c create docker.io/library/nginx:alpine web
  stowbook c ls 'labels.role==web,image~=nginx'
  stowbook --metadb /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db -n k8s.io c ls
  stowbook validate config.json";

#[derive(Args, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The book's file [default: book.redb in the user's data directory]
    #[arg(long, global = true, env = "STOWBOOK_DB", value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// Read a database of containerd (meta.db) instead of a book
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) metadb: Option<PathBuf>,
    /// Work on the records of a server, stowbook's or containerd's, instead of a book. CONTAINERD_ADDRESS is not looked at
    #[cfg(all(unix, feature = "serve"))]
    #[arg(long, global = true, value_name = "unix:///PATH", value_parser = address)]
    pub(crate) address: Option<PathBuf>,
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
    #[arg(long, global = true, value_name = "SECONDS", default_value = "1", value_parser = seconds, allow_negative_numbers = true)]
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
    #[command(subcommand, visible_aliases = ["c", "container"])]
    Containers(Containers),
    /// Image records
    #[command(subcommand, visible_aliases = ["i", "image"])]
    Images(Images),
    /// Sandbox records
    #[command(subcommand, alias = "s", visible_aliases = ["sb", "sandbox"])]
    Sandboxes(Sandboxes),
    /// Content: blobs by their digests, and what is being written
    #[command(subcommand)]
    Content(Content),
    /// Snapshot records
    #[command(visible_alias = "snapshot")]
    Snapshots(Snapshots),
    /// Namespaces
    #[command(subcommand, visible_aliases = ["ns", "namespace"])]
    Namespaces(Namespaces),
    /// Leases, which keep resources from being collected
    #[command(subcommand, visible_alias = "lease")]
    Leases(Leases),
    /// Remove what nothing holds, in all namespaces, or tell why it is kept
    Gc(Gc),
    /// Show who refers to something, in all namespaces: containers, images, leases, snapshots, labels of content
    Owner {
        /// A digest, an image's name, a snapshot's key (KEY or SNAPSHOTTER/KEY), an ingest's reference, or the id of a container,
        /// sandbox or lease
        id: String,
    },
    /// Print what happened to the book, one line an event: time, namespace, topic and message, as ctr does
    Events(Events),
    /// Write the whole book as lines of JSON, a record a line
    Export {
        /// The new file, or - for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Add what export has written: all of it to an empty book, else what is not there yet
    Import {
        /// The file, or - for standard input
        #[arg(default_value = "-")]
        file: PathBuf,
        /// Make the book, which has to be empty, the exported one: with its id, so that places in its event log go on to count
        #[arg(long)]
        same_book: bool,
    },
    /// Copy records from one place to another: a book, a server, a database of containerd
    Copy(Copy),
    /// The book's file: check, compact, back up, restore
    #[command(subcommand)]
    Db(Db),
    /// containerd's own databases (meta.db): dump, check, salvage, import
    #[command(subcommand)]
    Metadb(Metadb),
    /// Serve the book on a unix socket, as containerd does: for ctr, nerdctl, and every client library of containerd
    #[cfg(all(unix, feature = "serve"))]
    Serve(crate::serve::Serve),
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
        /// The directory; it is made where there is none
        directory: PathBuf,
    },
}

impl Command {
    /// Whether it works on records in one namespace.
    pub(crate) fn is_in_namespace(&self) -> bool {
        matches!(
            self,
            Command::Containers(_)
                | Command::Images(_)
                | Command::Sandboxes(_)
                | Command::Leases(_)
                | Command::Content(_)
                | Command::Snapshots(_)
        )
    }
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
    /// Show a record as JSON: as ctr does, with -o json as in a list
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

#[derive(Args)]
pub(crate) struct Copy {
    /// Where from: a book's file, a server's socket (unix:///PATH), or a database of containerd
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: PathBuf,
    /// Where to: a book's file, made where there is none, or a server's socket
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: PathBuf,
    /// Only this namespace; may be given more than once
    #[arg(long = "only", value_name = "NAMESPACE")]
    pub(crate) only: Vec<String>,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Leave what is there with another content as it is, and copy the rest
    #[arg(long)]
    pub(crate) keep_existing: bool,
}

#[derive(Args)]
pub(crate) struct Events {
    /// Begin behind the event of this number, at a cursor BOOK:NUMBER, with the oldest that is kept, or now [default: oldest;
    /// with --follow: now]
    #[arg(long, value_name = "NUMBER", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Go on with what other processes do to the book: once a second it is opened for reading and closed again, so they can
    /// write in between. With --address, go on as long as the server tells
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Filters, for example 'namespace==default,topic~=delete' or 'event.id==web'
    pub(crate) filters: Vec<String>,
}

#[derive(Subcommand)]
pub(crate) enum Leases {
    /// Create a lease
    Create {
        /// The lease's id [default: a new one]
        #[arg(long, default_value = "", hide_default_value = true)]
        id: String,
        /// When it expires, from now; 0 is never
        #[arg(short = 'x', long, value_name = "DURATION", default_value = "24h", value_parser = nanoseconds)]
        expires: i64,
        /// Labels
        #[arg(value_name = "KEY=VALUE", value_parser = label_flag)]
        labels: Vec<(String, String)>,
    },
    /// List the leases that any of the filters selects
    #[command(visible_alias = "ls")]
    List {
        /// Print the ids only
        #[arg(short, long)]
        quiet: bool,
        /// Filters, for example 'labels.role==web'
        filters: Vec<String>,
    },
    /// Delete leases
    #[command(visible_aliases = ["rm", "del", "remove"])]
    Delete {
        /// Remove what nothing holds any more too
        #[arg(long)]
        sync: bool,
        /// The leases' ids
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// What a lease holds
    #[command(subcommand)]
    Resources(LeaseResources),
}

#[derive(Subcommand)]
pub(crate) enum LeaseResources {
    /// List what a lease holds
    #[command(visible_alias = "ls")]
    List {
        /// The lease's id
        lease: String,
    },
    /// Have a lease hold something
    Add(LeaseResource),
    /// Have a lease hold something no more
    #[command(visible_aliases = ["rm", "del", "remove"])]
    Delete(LeaseResource),
}

#[derive(Args)]
pub(crate) struct LeaseResource {
    /// The lease's id
    pub(crate) lease: String,
    /// content, images, ingests or snapshots/SNAPSHOTTER
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,
    /// The digest, the image's name, the reference or the snapshot's key; it need not exist
    pub(crate) id: String,
}

#[derive(Args)]
pub(crate) struct Gc {
    /// Only tell what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Whose rules decide: those of containerd 1.6 or 2.3
    #[arg(long, value_enum, default_value = "2.3")]
    pub(crate) rules: Rules,
    /// Remove nothing, but tell why the content, image, snapshot, … of this id in the namespace is kept; a snapshot's id is
    /// SNAPSHOTTER/KEY
    #[arg(long, value_name = "ID")]
    pub(crate) why: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Rules {
    #[value(name = "1.6")]
    Containerd16,
    #[value(name = "2.3")]
    Containerd23,
}

#[derive(Subcommand)]
pub(crate) enum Db {
    /// Show which book it is
    Info,
    /// Look at every page and every value, and tell what is wrong
    Check,
    /// Give unused space of the file back to the system
    Compact,
    /// Copy the book into a new file, checking every value; the bytes of content, in FILE.content, are not copied
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

#[derive(Subcommand)]
pub(crate) enum Metadb {
    /// Show which database it is
    Info {
        /// containerd's database
        file: PathBuf,
    },
    /// Print every record as JSON, exactly
    Dump {
        /// containerd's database
        file: PathBuf,
    },
    /// Look at every page, every record and every reference, and tell what is wrong
    Check {
        /// containerd's database
        file: PathBuf,
    },
    /// Print what can still be read of a damaged database as JSON, and what was lost; with status 1 where nothing can
    Salvage {
        /// containerd's database
        file: PathBuf,
    },
    /// Copy the records into the book, all together or not at all; the bytes of content stay where they are
    Import {
        /// containerd's database
        file: PathBuf,
        /// Only this namespace; may be given more than once
        #[arg(long = "only", value_name = "NAMESPACE")]
        only: Vec<String>,
        /// Tell what would happen, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Leave what the book has already as it is, and import the rest
        #[arg(long)]
        keep_existing: bool,
        /// Import what can still be read of a damaged database, and tell what is doubtful or left out
        #[arg(long)]
        salvage: bool,
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
    /// How findings are printed [default: human, with -o json: json]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
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
    /// Show values that look like secrets
    #[arg(long)]
    pub(crate) show_secrets: bool,
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

/// The path of a socket, with `unix:` in front or not.
#[cfg(all(unix, feature = "serve"))]
pub(crate) fn address(text: &str) -> Result<PathBuf, String> {
    let path = stowbook_grpc::socket_path(text).ok_or("write it as unix:///run/stowbook.sock")?;
    Ok(path.into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "write it as a number of seconds, for example 2.5".to_owned())
}

fn nanoseconds(text: &str) -> Result<i64, String> {
    stowbook::rules::parse_duration(text).ok_or_else(|| "write it like 24h, 1h30m or 90s".to_owned())
}

fn since(text: &str) -> Result<Since, String> {
    text.parse().map_err(|_| "write it as oldest, now, the number of an event, or a cursor BOOK:NUMBER".to_owned())
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
