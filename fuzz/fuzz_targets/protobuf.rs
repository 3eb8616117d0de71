//! Messages of any bytes: what decodes is the same after it was written and read again, and untouched bytes come back.
#![no_main]
#![allow(missing_docs)]

use libfuzzer_sys::fuzz_target;
use stowbook::model::{Blob, Container, Image, Lease, LeaseResource, Namespace, Sandbox, Snapshot};
use stowbook::proto::generated::containerd::services::containers::v1 as containers;
use stowbook::proto::{self, Message, Preserved};

fn survives<T: Message + std::fmt::Debug + Clone>(bytes: &[u8]) {
    let Ok(value) = T::decode(bytes) else { return };
    let written = value.encode();
    let again = T::decode(&written).expect("what was written is read");
    assert_eq!(again, value);
    assert_eq!(again.encode(), written, "writing is canonical");
    let kept = Preserved::<T>::decode(bytes).expect("it was decoded before");
    assert_eq!(&*kept.encode(), bytes);
}

fuzz_target!(|data: &[u8]| {
    survives::<Container>(data);
    survives::<Namespace>(data);
    survives::<Image>(data);
    survives::<Lease>(data);
    survives::<LeaseResource>(data);
    survives::<Sandbox>(data);
    survives::<Blob>(data);
    survives::<Snapshot>(data);
    if let Ok((message, unknown)) = proto::decode::<containers::Container>("container", data) {
        let written = proto::encode(&message, &unknown);
        let (again, same) =
            proto::decode::<containers::Container>("container", &written).expect("what was written is read");
        assert_eq!((again, same), (message, unknown));
    }
});
