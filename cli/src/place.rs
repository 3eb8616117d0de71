//! Which book, server or database of containerd a command works on.

use crate::args::Global;
use std::path::{Path, PathBuf};
use stowbook::copy::{CopyOptions, CopyReport};
use stowbook::gc::{CollectOptions, CollectRules, Collected};
use stowbook::metadb::{self, MetaDb};
use stowbook::{
    ContainerStore, ContentStore, Context, Error, ErrorKind, Host as _, ImageStore, InNamespace, LeaseStore,
    NamespaceStore, Namespaces, OpenOptions, Owned, Result, SandboxStore, SnapshotStore, Store, SystemHost,
};

/// Where records can be read and, unless it is a database of containerd, changed.
pub(crate) trait Place:
    ContainerStore + ContentStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore
{
}

impl<T: ContainerStore + ContentStore + ImageStore + LeaseStore + NamespaceStore + SandboxStore + SnapshotStore> Place
    for T
{
}

/// Where it can be told who refers to whom.
pub(crate) trait Graph {
    /// Who refers to what is called `id`.
    fn owners(&self, id: &str) -> Result<Vec<Owned>>;
    /// What a collection would remove, and why the rest stays.
    fn collectable(&self, rules: CollectRules) -> Result<Collected>;
}

impl Graph for Store {
    fn owners(&self, id: &str) -> Result<Vec<Owned>> {
        Store::owners(self, id)
    }

    fn collectable(&self, rules: CollectRules) -> Result<Collected> {
        let mut options = CollectOptions::default();
        (options.dry_run, options.rules) = (true, rules);
        self.collect(&options)
    }
}

impl Graph for MetaDb {
    fn owners(&self, id: &str) -> Result<Vec<Owned>> {
        MetaDb::owners(self, id)
    }

    fn collectable(&self, rules: CollectRules) -> Result<Collected> {
        MetaDb::collectable(self, rules, SystemHost.now())
    }
}

impl dyn Place {
    pub(crate) fn namespace(&self, name: &str) -> InNamespace<'_, dyn Place> {
        InNamespace::new(self, Context::in_namespace(name))
    }

    pub(crate) fn namespaces(&self) -> Namespaces<'_, dyn Place> {
        Namespaces::new(self)
    }
}

/// The server that the user names, if it is one.
#[cfg(all(unix, feature = "serve"))]
pub(crate) fn server(global: &Global) -> Result<Option<stowbook_grpc::Remote>> {
    global.address.as_ref().map(stowbook_grpc::Remote::new).transpose()
}

#[cfg(not(all(unix, feature = "serve")))]
pub(crate) fn server(_: &Global) -> Result<Option<Store>> {
    Ok(None)
}

/// The place for a command that adds records. Where there is no book, it is made.
pub(crate) fn writable(global: &Global) -> Result<Box<dyn Place>> {
    match server(global)? {
        Some(server) => Ok(Box::new(server)),
        None => Ok(Box::new(open(global)?)),
    }
}

/// The place for a command that changes records, so that it has to be there.
pub(crate) fn writable_existing(global: &Global) -> Result<Box<dyn Place>> {
    match server(global)? {
        Some(server) => Ok(Box::new(server)),
        None => Ok(Box::new(open_existing(global)?)),
    }
}

/// The options as if this place had been named by them: a socket is one by `unix:` in front, or by being one.
pub(crate) fn named(global: &Global, place: &Path) -> Global {
    let mut global = Global { db: None, metadb: None, in_namespace: false, ..global.clone() };
    #[cfg(all(unix, feature = "serve"))]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let is_socket = || std::fs::metadata(place).is_ok_and(|found| found.file_type().is_socket());
        global.address = match place.to_str().and_then(|text| Some((text, text.strip_prefix("unix:")?))) {
            Some((text, rest)) => Some(crate::args::address(text).unwrap_or_else(|_| rest.into())),
            None => is_socket().then(|| place.to_owned()),
        };
        if global.address.is_some() {
            return global;
        }
    }
    // A book's file tells what it is. What is not there is no database of containerd: nobody writes those here.
    if !place.exists() || begin(place) == Some(*b"redb") {
        global.db = Some(place.to_owned());
    } else {
        global.metadb = Some(place.to_owned());
    }
    global
}

fn begin(path: &Path) -> Option<[u8; 4]> {
    use std::io::Read as _;
    let mut begin = [0; 4];
    std::fs::File::open(path).ok()?.read_exact(&mut begin).ok()?;
    Some(begin)
}

/// Where copies go to.
pub(crate) enum Target {
    Book(Store),
    #[cfg(all(unix, feature = "serve"))]
    Server(stowbook_grpc::Remote),
}

impl Target {
    pub(crate) fn open(global: &Global, dry_run: bool) -> Result<Self> {
        #[cfg(all(unix, feature = "serve"))]
        if let Some(server) = server(global)? {
            return Ok(Target::Server(server));
        }
        if dry_run { open_or_new(global) } else { open(global) }.map(Target::Book)
    }

    pub(crate) fn copy_from(&self, from: &dyn Place, options: &CopyOptions) -> Result<CopyReport> {
        match self {
            Target::Book(book) => book.copy_from(from, options),
            #[cfg(all(unix, feature = "serve"))]
            Target::Server(server) => stowbook::copy::copy(from, server, options),
        }
    }
}

/// Opens the book for a command that adds to it; where there is none, it is made.
pub(crate) fn open(global: &Global) -> Result<Store> {
    refuse_others(global)?;
    make_default_folder(global)?;
    Store::open_with(path(global)?, &options(global)?)
}

/// Opens the book as [`open`] does and fills it. A book that was made for this goes away again when that fails: nothing is
/// changed then.
pub(crate) fn fill<T>(global: &Global, work: impl FnOnce(&Store) -> Result<T>) -> Result<T> {
    let path = path(global)?;
    let is_new = !path.exists();
    let store = open(global)?;
    work(&store).inspect_err(|_| {
        // Another process may have made it, and written to it, just before it was opened here; now the store holds the file.
        if is_new && store.events().bounds().is_ok_and(|bounds| bounds.last == 0) {
            let _ = std::fs::remove_file(&path);
        }
    })
}

/// Opens a book that has to be there: for commands that change what is in it, or look at the file itself.
pub(crate) fn open_existing(global: &Global) -> Result<Store> {
    refuse_others(global)?;
    let mut options = options(global)?;
    options.create = false;
    Store::open_with(path(global)?, &options)
}

/// Opens the place for a command that shows records. In the default place, no book is an empty one; a file that the user
/// names has to be there.
pub(crate) fn open_or_empty(global: &Global) -> Result<Box<dyn Place>> {
    if let Some(path) = &global.metadb {
        return Ok(Box::new(MetaDb::open(path)?));
    }
    match server(global)? {
        Some(server) => Ok(Box::new(server)),
        None => Ok(Box::new(open_book_or_empty(global)?)),
    }
}

/// Opens the place for a command that asks who refers to whom.
pub(crate) fn graph(global: &Global) -> Result<Box<dyn Graph>> {
    match &global.metadb {
        Some(path) => Ok(Box::new(MetaDb::open(path)?)),
        None => Ok(Box::new(open_book_or_empty(global)?)),
    }
}

/// Opens the place for a command that reads and needs something to be there.
pub(crate) fn open_to_read(global: &Global) -> Result<Box<dyn Place>> {
    if let Some(path) = &global.metadb {
        return Ok(Box::new(MetaDb::open(path)?));
    }
    writable_existing(global)
}

/// As [`open_or_empty`], for what is shown of books only.
pub(crate) fn open_book_or_empty(global: &Global) -> Result<Store> {
    refuse_metadb(global)?;
    match open_existing(global) {
        Err(error) if error.kind() == ErrorKind::NotFound && global.db.is_none() => Ok(Store::in_memory()),
        result => result,
    }
}

/// Opens the book for a command that tells what it would do; where there is none, it would be a new one.
pub(crate) fn open_or_new(global: &Global) -> Result<Store> {
    match open_existing(global) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Store::in_memory()),
        result => result,
    }
}

/// For commands that read what only books have.
pub(crate) fn refuse_metadb(global: &Global) -> Result<()> {
    if global.metadb.is_none() {
        return Ok(());
    }
    Err(Error::not_implemented("this command reads books only")
        .with_help("`stowbook metadb dump FILE` shows all that containerd's database holds"))
}

fn refuse_others(global: &Global) -> Result<()> {
    if global.metadb.is_some() {
        return Err(metadb::read_only());
    }
    if server(global)?.is_some() {
        return Err(Error::not_implemented("this command works on a book's file")
            .with_help("name the file with --db; no server may have it open"));
    }
    Ok(())
}

/// What the command works on, for people: the sort of place, and its file.
pub(crate) fn describe(global: &Global) -> (&'static str, String) {
    #[cfg(all(unix, feature = "serve"))]
    if let Some(path) = &global.address {
        return ("socket", path.display().to_string());
    }
    match &global.metadb {
        Some(path) => ("metadb", path.display().to_string()),
        None => ("book", path(global).map_or_else(|_| "none".to_owned(), |path| path.display().to_string())),
    }
}

/// The default place may not exist yet. The folder of a file that the user names should.
pub(crate) fn make_default_folder(global: &Global) -> Result<()> {
    let path = path(global)?;
    match path.parent() {
        Some(folder) if global.db.is_none() => std::fs::create_dir_all(folder).map_err(|error| {
            Error::unavailable(format!("cannot make the folder {}: {error}", folder.display()))
                .with_help("name a file elsewhere with --db")
        }),
        _ => Ok(()),
    }
}

fn options(global: &Global) -> Result<OpenOptions> {
    let mut options = OpenOptions::default();
    options.read_only = global.read_only;
    options.lock_timeout = global.lock_timeout;
    Ok(options)
}

/// The book's file.
pub(crate) fn path(global: &Global) -> Result<PathBuf> {
    if let Some(path) = &global.db {
        return Ok(path.clone());
    }
    let folder = data_folder().ok_or_else(|| {
        Error::failed_precondition("there is no data directory: neither XDG_DATA_HOME nor HOME is set")
            .with_help("name the book's file with --db or STOWBOOK_DB")
    })?;
    Ok(folder.join("stowbook").join("book.redb"))
}

fn data_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        return variable("LOCALAPPDATA");
    }
    // The XDG specification says to ignore relative paths.
    let named = variable("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let home = variable("HOME");
    if cfg!(target_os = "macos") {
        return named.or_else(|| Some(home?.join("Library/Application Support")));
    }
    named.or_else(|| Some(home?.join(".local/share")))
}
