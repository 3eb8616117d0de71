/// What sort of record a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// [`Container`](crate::model::Container)
    Container,
    /// [`Image`](crate::model::Image)
    Image,
    /// [`Lease`](crate::model::Lease), with its resources
    Lease,
    /// [`Sandbox`](crate::model::Sandbox)
    Sandbox,
    /// [`Blob`](crate::model::Blob)
    Blob,
    /// [`Ingest`](crate::model::Ingest)
    Ingest,
    /// [`Snapshot`](crate::model::Snapshot)
    Snapshot,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 7] =
        [Kind::Container, Kind::Blob, Kind::Ingest, Kind::Image, Kind::Lease, Kind::Sandbox, Kind::Snapshot];

    /// The word for one record.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Container => "container",
            Kind::Image => "image",
            Kind::Lease => "lease",
            Kind::Sandbox => "sandbox",
            Kind::Blob => "content blob",
            Kind::Ingest => "content ingest",
            Kind::Snapshot => "snapshot",
        }
    }

    /// The buckets from a namespace's down to the one that holds the records of this kind (§9.3).
    pub(super) fn path(self) -> &'static [&'static [u8]] {
        match self {
            Kind::Container => &[b"containers"],
            Kind::Image => &[b"images"],
            Kind::Lease => &[b"leases"],
            Kind::Sandbox => &[b"sandboxes"],
            Kind::Blob => &[b"content", b"blob"],
            Kind::Ingest => &[b"content", b"ingests"],
            Kind::Snapshot => &[b"snapshots"],
        }
    }
}
