use crate::failure::Result;
use crate::host::JsHost;
use crate::transfer::{Packer, Parcel, Record, Sent, pack, receive, send};
use serde::Serialize;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use stowbook::model::{Container, Envelope, Image, Lease, LeaseResource, Namespace, Sandbox, Timestamp};
use stowbook::proto::json::Spelling;
use stowbook::{
    ContainerStore, Context, DeleteImage, EventStore, ImageStore, LeaseStore, NamespaceStore, SandboxStore, Since, json,
};
use wasm_bindgen::prelude::wasm_bindgen;

/// A book.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Store(Rc<stowbook::Store>);

#[wasm_bindgen]
impl Store {
    /// A new book in memory.
    #[wasm_bindgen(js_name = inMemory)]
    pub fn in_memory() -> Result<Store> {
        Ok(Store(Rc::new(stowbook::Store::in_memory_with(Arc::new(JsHost)))))
    }

    /// The book in the bytes of a file.
    #[cfg(feature = "redb")]
    pub fn open(bytes: Vec<u8>) -> Result<Store> {
        let storage = stowbook::storage::RedbStorage::from_bytes(bytes)?;
        Ok(Store(Rc::new(stowbook::Store::with_storage(Box::new(storage), Arc::new(JsHost))?)))
    }

    /// The records, each operation on them in a transaction of its own.
    #[must_use]
    pub fn records(&self) -> Records {
        Records::of(Rc::clone(&self.0))
    }

    /// Where events are published, each in a transaction of its own.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher(Rc::clone(&self.0) as Rc<dyn EventStore>)
    }

    /// Begins a transaction.
    pub fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(Rc::new(self.0.begin()?)))
    }

    /// A page of the event log, as JSON and bytes. `since` is `oldest`, `now`, a number or a cursor.
    #[wasm_bindgen(js_name = readEvents)]
    pub fn read_events(&self, since: &str, filters: Vec<String>, limit: usize) -> Result<Sent> {
        let since: Since = match since {
            "oldest" => Since::Oldest,
            "now" => Since::Now,
            other => other.parse()?,
        };
        let page = self.0.events().read(since, &filters, limit)?;
        let mut bytes = Vec::new();
        let events = page.events.into_iter().map(|event| SentEvent {
            number: event.number,
            published: event.is_published(),
            payload: event.payload(Spelling::Exact),
            envelope: pack(event.envelope, &mut bytes),
        });
        let page = SentPage {
            events: events.collect(),
            next: page.next.to_string(),
            first: page.bounds.first,
            last: page.bounds.last,
        };
        Ok(Sent::new(json::write(&page)?, bytes))
    }
}

#[derive(Serialize)]
struct SentPage {
    events: Vec<SentEvent>,
    next: String,
    first: u64,
    last: u64,
}

#[derive(Serialize)]
struct SentEvent {
    number: u64,
    published: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<serde_json::Value>,
    envelope: Parcel<Envelope>,
}

/// Operations that take effect together.
#[wasm_bindgen]
pub struct Transaction(Rc<stowbook::Transaction>);

#[wasm_bindgen]
impl Transaction {
    /// The records as the transaction sees them.
    #[must_use]
    pub fn records(&self) -> Records {
        Records::of(Rc::clone(&self.0))
    }

    /// Where events are published within the transaction.
    #[must_use]
    pub fn publisher(&self) -> Publisher {
        Publisher(Rc::clone(&self.0) as Rc<dyn EventStore>)
    }

    /// Makes the changes lasting, and ends the transaction.
    pub fn commit(&self) -> Result<()> {
        Ok(self.0.commit()?)
    }

    /// Drops the changes, and ends the transaction.
    pub fn rollback(&self) -> Result<()> {
        Ok(self.0.rollback()?)
    }
}

/// Where events are published.
#[wasm_bindgen]
pub struct Publisher(Rc<dyn EventStore>);

#[wasm_bindgen]
impl Publisher {
    /// Publishes an event that happens now, under the namespace and the topic of the envelope.
    pub fn publish(&self, envelope: &str, bytes: &[u8]) -> Result<()> {
        let Envelope { namespace, topic, event, .. } = receive::<Envelope>(envelope, bytes)?;
        Ok(self.0.publish_event(&Context::in_namespace(namespace), &topic, &event.unwrap_or_default())?)
    }

    /// Passes on an event that happened elsewhere.
    pub fn forward(&self, envelope: &str, bytes: &[u8]) -> Result<()> {
        Ok(self.0.forward_event(&receive::<Envelope>(envelope, bytes)?)?)
    }
}

pub(crate) trait Place: ContainerStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore {}
impl<T: ContainerStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore> Place for T {}

/// The records of a book, of a transaction, or of a database of containerd.
#[wasm_bindgen]
pub struct Records(Rc<dyn Place>);

impl Records {
    pub(crate) fn of(place: Rc<impl Place + 'static>) -> Self {
        Records(place)
    }
}

/// Where an operation works.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Scope(Context);

#[wasm_bindgen]
impl Scope {
    /// A namespace, and the lease that is to hold what is made.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(namespace: String, lease: Option<String>) -> Self {
        let mut context = Context::in_namespace(namespace);
        context.lease = lease;
        Scope(context)
    }
}

#[wasm_bindgen]
#[allow(missing_docs, reason = "each is the core's operation of its name")]
impl Records {
    #[wasm_bindgen(js_name = getContainer)]
    pub fn get_container(&self, scope: &Scope, id: &str) -> Result<Sent> {
        send(self.0.get_container(&scope.0, id)?)
    }

    #[wasm_bindgen(js_name = listContainers)]
    pub fn list_containers(&self, scope: &Scope, filters: Vec<String>) -> Result<Sent> {
        list(&filters, |filters, visit| self.0.list_containers(&scope.0, filters, visit))
    }

    #[wasm_bindgen(js_name = createContainer)]
    pub fn create_container(&self, scope: &Scope, record: &str, bytes: &[u8]) -> Result<Sent> {
        send(self.0.create_container(&scope.0, &receive::<Container>(record, bytes)?)?)
    }

    #[wasm_bindgen(js_name = updateContainer)]
    pub fn update_container(&self, scope: &Scope, record: &str, bytes: &[u8], fields: Vec<String>) -> Result<Sent> {
        send(self.0.update_container(&scope.0, &receive::<Container>(record, bytes)?, &borrowed(&fields))?)
    }

    #[wasm_bindgen(js_name = deleteContainer)]
    pub fn delete_container(&self, scope: &Scope, id: &str) -> Result<()> {
        Ok(self.0.delete_container(&scope.0, id)?)
    }

    #[wasm_bindgen(js_name = getSandbox)]
    pub fn get_sandbox(&self, scope: &Scope, id: &str) -> Result<Sent> {
        send(self.0.get_sandbox(&scope.0, id)?)
    }

    #[wasm_bindgen(js_name = listSandboxes)]
    pub fn list_sandboxes(&self, scope: &Scope, filters: Vec<String>) -> Result<Sent> {
        list(&filters, |filters, visit| self.0.list_sandboxes(&scope.0, filters, visit))
    }

    #[wasm_bindgen(js_name = createSandbox)]
    pub fn create_sandbox(&self, scope: &Scope, record: &str, bytes: &[u8]) -> Result<Sent> {
        send(self.0.create_sandbox(&scope.0, &receive::<Sandbox>(record, bytes)?)?)
    }

    #[wasm_bindgen(js_name = updateSandbox)]
    pub fn update_sandbox(&self, scope: &Scope, record: &str, bytes: &[u8], fields: Vec<String>) -> Result<Sent> {
        send(self.0.update_sandbox(&scope.0, &receive::<Sandbox>(record, bytes)?, &borrowed(&fields))?)
    }

    #[wasm_bindgen(js_name = deleteSandbox)]
    pub fn delete_sandbox(&self, scope: &Scope, id: &str) -> Result<()> {
        Ok(self.0.delete_sandbox(&scope.0, id)?)
    }

    #[wasm_bindgen(js_name = getImage)]
    pub fn get_image(&self, scope: &Scope, name: &str) -> Result<Sent> {
        send(self.0.get_image(&scope.0, name)?)
    }

    #[wasm_bindgen(js_name = listImages)]
    pub fn list_images(&self, scope: &Scope, filters: Vec<String>) -> Result<Sent> {
        list(&filters, |filters, visit| self.0.list_images(&scope.0, filters, visit))
    }

    #[wasm_bindgen(js_name = createImage)]
    pub fn create_image(&self, scope: &Scope, record: &str, bytes: &[u8], epoch: Option<String>) -> Result<Sent> {
        send(self.0.create_image(&scope.0, &receive::<Image>(record, bytes)?, time(epoch)?)?)
    }

    #[wasm_bindgen(js_name = updateImage)]
    pub fn update_image(
        &self,
        scope: &Scope,
        record: &str,
        bytes: &[u8],
        fields: Vec<String>,
        epoch: Option<String>,
    ) -> Result<Sent> {
        let image = receive::<Image>(record, bytes)?;
        send(self.0.update_image(&scope.0, &image, &borrowed(&fields), time(epoch)?)?)
    }

    /// `target` is a record of a descriptor, with `bytes` beside it.
    #[wasm_bindgen(js_name = deleteImage)]
    pub fn delete_image(
        &self,
        scope: &Scope,
        name: &str,
        sync: bool,
        target: Option<String>,
        bytes: &[u8],
    ) -> Result<()> {
        let mut options = DeleteImage::default();
        options.sync = sync;
        options.target = target.map(|target| receive(&target, bytes)).transpose()?;
        Ok(self.0.delete_image(&scope.0, name, &options)?)
    }

    #[wasm_bindgen(js_name = listLeases)]
    pub fn list_leases(&self, scope: &Scope, filters: Vec<String>) -> Result<Sent> {
        let filters: Vec<&[u8]> = filters.iter().map(String::as_bytes).collect();
        all(self.0.list_leases(&scope.0, &filters)?)
    }

    #[wasm_bindgen(js_name = createLease)]
    pub fn create_lease(&self, scope: &Scope, record: &str, bytes: &[u8]) -> Result<Sent> {
        send(self.0.create_lease(&scope.0, &receive::<Lease>(record, bytes)?)?)
    }

    #[wasm_bindgen(js_name = deleteLease)]
    pub fn delete_lease(&self, scope: &Scope, id: &str, sync: bool) -> Result<()> {
        Ok(self.0.delete_lease(&scope.0, id, sync)?)
    }

    #[wasm_bindgen(js_name = listResources)]
    pub fn list_resources(&self, scope: &Scope, lease: &str) -> Result<Sent> {
        all(self.0.list_resources(&scope.0, lease)?)
    }

    #[wasm_bindgen(js_name = addResource)]
    pub fn add_resource(&self, scope: &Scope, lease: &str, resource: &str, bytes: &[u8]) -> Result<()> {
        Ok(self.0.add_resource(&scope.0, lease, &receive::<LeaseResource>(resource, bytes)?)?)
    }

    #[wasm_bindgen(js_name = deleteResource)]
    pub fn delete_resource(&self, scope: &Scope, lease: &str, resource: &str, bytes: &[u8]) -> Result<()> {
        Ok(self.0.delete_resource(&scope.0, lease, &receive::<LeaseResource>(resource, bytes)?)?)
    }

    #[wasm_bindgen(js_name = getNamespace)]
    pub fn get_namespace(&self, name: &str) -> Result<Sent> {
        send(self.0.get_namespace(name)?)
    }

    #[wasm_bindgen(js_name = listNamespaces)]
    pub fn list_namespaces(&self) -> Result<Sent> {
        all(self.0.list_namespaces()?)
    }

    #[wasm_bindgen(js_name = createNamespace)]
    pub fn create_namespace(&self, record: &str, bytes: &[u8]) -> Result<Sent> {
        send(self.0.create_namespace(&receive::<Namespace>(record, bytes)?)?)
    }

    #[wasm_bindgen(js_name = updateNamespace)]
    pub fn update_namespace(&self, record: &str, bytes: &[u8], fields: Vec<String>) -> Result<()> {
        Ok(self.0.update_namespace(&receive::<Namespace>(record, bytes)?, &borrowed(&fields))?)
    }

    #[wasm_bindgen(js_name = deleteNamespace)]
    pub fn delete_namespace(&self, name: &str) -> Result<()> {
        Ok(self.0.delete_namespace(name)?)
    }
}

type Visit<'a, R> = dyn FnMut(R) -> stowbook::Result<ControlFlow<()>> + 'a;

/// Packs what a list shows.
fn list<R: Record>(
    filters: &[String],
    each: impl FnOnce(&[&[u8]], &mut Visit<'_, R>) -> stowbook::Result<()>,
) -> Result<Sent> {
    let filters: Vec<&[u8]> = filters.iter().map(String::as_bytes).collect();
    let mut out = Packer::new();
    each(&filters, &mut |record| {
        out.add(record);
        Ok(ControlFlow::Continue(()))
    })?;
    out.send()
}

fn all<R: Record>(records: Vec<R>) -> Result<Sent> {
    let mut out = Packer::new();
    records.into_iter().for_each(|record| out.add(record));
    out.send()
}

fn time(text: Option<String>) -> Result<Option<Timestamp>> {
    Ok(text.map(|text| Timestamp::parse(&text)).transpose()?)
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
