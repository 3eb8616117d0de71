//! The type URLs in an `Any`, and how what they announce is encoded. Source: containerd-grpc §2.3.
//!
//! Types that containerd registered under a name of their own are JSON; every other type is a protobuf message, and its
//! URL is the message's full name with nothing in front. URLs that come in are compared with [`super::is_type`]; what is
//! stored or passed on keeps its URL as it came.
//!
//! | where | type URL | encoding |
//! | --- | --- | --- |
//! | a container's spec | [`SPEC`] | JSON |
//! | the process of an exec | [`PROCESS`] | JSON |
//! | the resources of a task's update | [`LINUX_RESOURCES`], [`WINDOWS_RESOURCES`] | JSON |
//! | the features of a runtime | [`FEATURES`] | JSON |
//! | CRI's extensions | [`CRI_SANDBOX_METADATA`] and the like | JSON |
//! | a runtime's options | [`RUNC_OPTIONS`], [`RUNTIME_OPTIONS`], [`RUNHCS_OPTIONS`]; 1.x also [`LINUX_RUNC_OPTIONS`], [`LINUX_CREATE_OPTIONS`] | protobuf |
//! | the options of a checkpoint | [`RUNC_CHECKPOINT_OPTIONS`] | protobuf |
//! | a process in a list of pids | [`RUNC_PROCESS_DETAILS`] | protobuf |
//! | a task's metrics | [`CGROUPS1_METRICS`], [`CGROUPS2_METRICS`] | protobuf |
//! | an event | [`EVENTS`] | protobuf |
//! | streams | [`STREAM_INIT`], [`EMPTY`], [`TRANSFER_DATA`], [`TRANSFER_WINDOW_UPDATE`], [`TRANSFER_PROGRESS`] | protobuf |

/// What Google's own libraries put before a message's name. containerd does it in one place only: the details of a gRPC
/// status (`type.googleapis.com/google.rpc.Status`).
pub const GOOGLE_PREFIX: &str = "type.googleapis.com/";

/// An OCI runtime configuration, as JSON.
pub const SPEC: &str = "types.containerd.io/opencontainers/runtime-spec/1/Spec";
/// The process of an OCI runtime configuration, as JSON.
pub const PROCESS: &str = "types.containerd.io/opencontainers/runtime-spec/1/Process";
/// The Linux resources of an OCI runtime configuration, as JSON.
pub const LINUX_RESOURCES: &str = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";
/// The Windows resources of an OCI runtime configuration, as JSON.
pub const WINDOWS_RESOURCES: &str = "types.containerd.io/opencontainers/runtime-spec/1/WindowsResources";
/// What an OCI runtime can do, as JSON.
pub const FEATURES: &str = "types.containerd.io/opencontainers/runtime-spec/1/features/Features";
/// What CRI keeps about a sandbox, as JSON.
pub const CRI_SANDBOX_METADATA: &str = "github.com/containerd/cri/pkg/store/sandbox/Metadata";

/// Options of the runc runtimes.
pub const RUNC_OPTIONS: &str = "containerd.runc.v1.Options";
/// Options of a checkpoint by the runc runtimes.
pub const RUNC_CHECKPOINT_OPTIONS: &str = "containerd.runc.v1.CheckpointOptions";
/// What the runc runtimes tell about a process.
pub const RUNC_PROCESS_DETAILS: &str = "containerd.runc.v1.ProcessDetails";
/// Options of runtimes that have a configuration file of their own.
pub const RUNTIME_OPTIONS: &str = "runtimeoptions.v1.Options";
/// Options of the Windows runtime. Its definition is not part of containerd, so the message is opaque here.
pub const RUNHCS_OPTIONS: &str = "containerd.runhcs.v1.Options";
/// Runtime options of the Linux runtime that 1.x had.
pub const LINUX_RUNC_OPTIONS: &str = "containerd.linux.runc.RuncOptions";
/// Task options of the Linux runtime that 1.x had.
pub const LINUX_CREATE_OPTIONS: &str = "containerd.linux.runc.CreateOptions";

/// A task's metrics with cgroups version 1.
pub const CGROUPS1_METRICS: &str = "io.containerd.cgroups.v1.Metrics";
/// A task's metrics with cgroups version 2.
pub const CGROUPS2_METRICS: &str = "io.containerd.cgroups.v2.Metrics";

/// The first message of a stream.
pub const STREAM_INIT: &str = "containerd.services.streaming.v1.StreamInit";
/// The answer to the first message of a stream.
pub const EMPTY: &str = "google.protobuf.Empty";
/// Bytes of a stream.
pub const TRANSFER_DATA: &str = "containerd.types.transfer.Data";
/// How much more the reader of a stream can take.
pub const TRANSFER_WINDOW_UPDATE: &str = "containerd.types.transfer.WindowUpdate";
/// How far a transfer is.
pub const TRANSFER_PROGRESS: &str = "containerd.types.transfer.Progress";

/// A container was created.
pub const CONTAINER_CREATE: &str = "containerd.events.ContainerCreate";
/// A container was changed.
pub const CONTAINER_UPDATE: &str = "containerd.events.ContainerUpdate";
/// A container was deleted.
pub const CONTAINER_DELETE: &str = "containerd.events.ContainerDelete";
/// Content was committed.
pub const CONTENT_CREATE: &str = "containerd.events.ContentCreate";
/// Content was deleted.
pub const CONTENT_DELETE: &str = "containerd.events.ContentDelete";
/// An image was created. Image events live in the package of their service.
pub const IMAGE_CREATE: &str = "containerd.services.images.v1.ImageCreate";
/// An image was changed.
pub const IMAGE_UPDATE: &str = "containerd.services.images.v1.ImageUpdate";
/// An image was deleted.
pub const IMAGE_DELETE: &str = "containerd.services.images.v1.ImageDelete";
/// A namespace was created.
pub const NAMESPACE_CREATE: &str = "containerd.events.NamespaceCreate";
/// A namespace was changed.
pub const NAMESPACE_UPDATE: &str = "containerd.events.NamespaceUpdate";
/// A namespace was deleted.
pub const NAMESPACE_DELETE: &str = "containerd.events.NamespaceDelete";
/// A sandbox was created.
pub const SANDBOX_CREATE: &str = "containerd.events.SandboxCreate";
/// A sandbox was started.
pub const SANDBOX_START: &str = "containerd.events.SandboxStart";
/// A sandbox ended.
pub const SANDBOX_EXIT: &str = "containerd.events.SandboxExit";
/// A snapshot was prepared.
pub const SNAPSHOT_PREPARE: &str = "containerd.events.SnapshotPrepare";
/// A snapshot was committed.
pub const SNAPSHOT_COMMIT: &str = "containerd.events.SnapshotCommit";
/// A snapshot was removed.
pub const SNAPSHOT_REMOVE: &str = "containerd.events.SnapshotRemove";
/// A task was created.
pub const TASK_CREATE: &str = "containerd.events.TaskCreate";
/// A task was started.
pub const TASK_START: &str = "containerd.events.TaskStart";
/// A task was deleted.
pub const TASK_DELETE: &str = "containerd.events.TaskDelete";
/// A process of a task ended.
pub const TASK_EXIT: &str = "containerd.events.TaskExit";
/// A task ran out of memory.
pub const TASK_OOM: &str = "containerd.events.TaskOOM";
/// A process was added to a task.
pub const TASK_EXEC_ADDED: &str = "containerd.events.TaskExecAdded";
/// An added process was started.
pub const TASK_EXEC_STARTED: &str = "containerd.events.TaskExecStarted";
/// A task was paused.
pub const TASK_PAUSED: &str = "containerd.events.TaskPaused";
/// A paused task goes on.
pub const TASK_RESUMED: &str = "containerd.events.TaskResumed";
/// A checkpoint of a task was made.
pub const TASK_CHECKPOINTED: &str = "containerd.events.TaskCheckpointed";

/// All events that containerd publishes.
pub const EVENTS: &[&str] = &[
    CONTAINER_CREATE,
    CONTAINER_UPDATE,
    CONTAINER_DELETE,
    CONTENT_CREATE,
    CONTENT_DELETE,
    IMAGE_CREATE,
    IMAGE_UPDATE,
    IMAGE_DELETE,
    NAMESPACE_CREATE,
    NAMESPACE_UPDATE,
    NAMESPACE_DELETE,
    SANDBOX_CREATE,
    SANDBOX_START,
    SANDBOX_EXIT,
    SNAPSHOT_PREPARE,
    SNAPSHOT_COMMIT,
    SNAPSHOT_REMOVE,
    TASK_CREATE,
    TASK_START,
    TASK_DELETE,
    TASK_EXIT,
    TASK_OOM,
    TASK_EXEC_ADDED,
    TASK_EXEC_STARTED,
    TASK_PAUSED,
    TASK_RESUMED,
    TASK_CHECKPOINTED,
];

/// The types that are known to be JSON.
pub const JSON: &[&str] = &[SPEC, PROCESS, LINUX_RESOURCES, WINDOWS_RESOURCES, FEATURES, CRI_SANDBOX_METADATA];
