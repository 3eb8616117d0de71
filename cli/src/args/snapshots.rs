use super::label_argument;
use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct Snapshots {
    /// The snapshotter
    #[arg(long, global = true, env = "CONTAINERD_SNAPSHOTTER", default_value = "overlayfs")]
    pub(crate) snapshotter: String,
    #[command(subcommand)]
    pub(crate) command: SnapshotsCommand,
}

#[derive(Subcommand)]
pub(crate) enum SnapshotsCommand {
    /// List the records that any of the filters selects
    #[command(visible_alias = "ls")]
    List {
        /// Filters, for example 'kind==committed,parent==base'
        filters: Vec<String>,
    },
    /// Show a record as JSON
    #[command(visible_alias = "stat")]
    Info {
        /// The snapshot's key
        key: String,
    },
    /// Make a snapshot to write to, on a committed one or on nothing
    Prepare(CreateSnapshot),
    /// Make a snapshot to look at
    View(CreateSnapshot),
    /// Finish an active snapshot, under another key
    Commit {
        /// The key of the committed snapshot
        name: String,
        /// The key of the active snapshot
        key: String,
    },
    /// Set labels, or clear them with an empty value
    Label {
        /// The snapshot's key
        key: String,
        /// KEY=VALUE, or KEY= to clear
        #[arg(required = true, value_name = "KEY=VALUE", value_parser = label_argument)]
        labels: Vec<(String, String)>,
    },
    /// Remove snapshots
    #[command(visible_aliases = ["rm", "del", "delete"])]
    Remove {
        /// The snapshots' keys
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
    /// Print the commands that mount a snapshot
    #[command(visible_aliases = ["m", "mount"])]
    Mounts {
        /// Where to mount it
        target: String,
        /// The snapshot's key
        key: String,
    },
    /// Show what snapshots take; those without files take nothing
    Usage {
        /// Print sizes in bytes
        #[arg(short)]
        bytes: bool,
        /// The snapshots' keys [default: all]
        keys: Vec<String>,
    },
    /// Show what stands on what
    Tree,
}

#[derive(Args)]
pub(crate) struct CreateSnapshot {
    /// The new snapshot's key
    pub(crate) key: String,
    /// The committed snapshot below it
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) parent: String,
    /// Print the commands that mount it here
    #[arg(short, long)]
    pub(crate) target: Option<String>,
    /// Print its mounts as JSON
    #[arg(long)]
    pub(crate) mounts: bool,
}
