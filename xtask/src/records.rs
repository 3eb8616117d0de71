//! `cargo xtask records`: what the C library has for each kind of record. The kinds and their fields are one table here, the
//! functions are templates in `records/`, so that each kind is formed like every other. It is Rust that comes out, not a
//! macro, because cbindgen reads it to write the header.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::files::Files;

/// A template by its name.
macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("records/", $name, ".rs.in"))
    };
}

/// A kind of record.
struct Record {
    /// Its name in C, behind `sb_`.
    name: &'static str,
    /// What parameters that are one, or several, are called.
    param: [&'static str; 2],
    /// Its type in the core's `model`.
    model: &'static str,
    /// What the JSON reader's errors call it.
    word: &'static str,
    /// containerd's message.
    message: &'static str,
    /// What it is, for the type's comment, and the first line of both files.
    doc: &'static str,
    about: &'static str,
    /// How its JSON begins.
    json: &'static str,
    new: New,
    fields: &'static [Field],
    /// Where it is kept; none for namespaces, whose operations are written by hand.
    operations: Option<Operations>,
}

/// How a record is made.
struct New {
    doc: &'static str,
    /// Parameters, with their types where they are no texts.
    parameters: &'static [(&'static str, &'static str)],
    /// The record that is made of them.
    record: &'static str,
}

/// What can be read from a record and changed in it.
enum Field {
    /// A text: its name in C, its place in the model, its comment.
    Text(&'static str, &'static str, &'static str),
    /// As `Text`, and what the comment of its setter calls it.
    MutableText(&'static str, &'static str, &'static str, &'static str),
    /// A time: name and comment.
    Time(&'static str, &'static str),
    /// Texts by texts: name and place, and what one and all of them are called.
    Labels(&'static str, &'static str, [&'static str; 2]),
    /// An opaque value: name and place, what comments call it, an example of its type.
    Any(&'static str, &'static str, &'static str, &'static str),
    /// Opaque values by names.
    Extensions,
    /// The size of an image's target, and all of it at once.
    Target,
}

/// What can be done with the records of a namespace.
struct Operations {
    about: &'static str,
    /// What the key is called.
    key: &'static str,
    has_get: bool,
    create_errors: &'static str,
    create_note: &'static str,
    update: Option<Update>,
    delete_note: &'static str,
}

struct Update {
    /// What changes when no field is named.
    all: &'static str,
    paths: &'static str,
}

const SPEC: &str = "types.containerd.io/opencontainers/runtime-spec/1/Spec";
const OPTIONS: &str = "containerd.runc.v1.Options";
const LABEL: Field = Field::Labels("label", "labels", ["a label", "labels"]);
const CREATED: Field = Field::Time("created_at", "When the record was created");
const UPDATED: Field = Field::Time("updated_at", "When the record was last changed");
const RUNTIME: Field = Field::Text("runtime", "runtime.name", "The name of the runtime");
const RUNTIME_OPTIONS: Field = Field::Any("runtime_options", "runtime.options", "the runtime's options", OPTIONS);

const RECORDS: &[Record] = &[
    Record {
        name: "container",
        param: ["container", "containers"],
        model: "Container",
        word: "container",
        message: "containerd.services.containers.v1.Container",
        doc: "The record of a container: metadata, never a process.",
        about: "A container record",
        json: "`{\"id\": ..., \"labels\": {...}, \"runtime\": {\"name\": ...}, \"spec\": {\"type_url\": ..., \"value_base64\": ...}, ...}`",
        new: New {
            doc: "Makes a record of this id and runtime, for example `io.containerd.runc.v2`, with everything else unset. Nothing is checked yet.",
            parameters: &[("id", ""), ("runtime", "")],
            record: "Container::new(id, runtime)",
        },
        fields: &[
            Field::Text("id", "id", "The key of the record in its namespace"),
            Field::MutableText(
                "image",
                "image",
                "The name of the image that the container was made from; empty when unset",
                "the name of the image",
            ),
            RUNTIME,
            RUNTIME_OPTIONS,
            Field::MutableText(
                "snapshotter",
                "snapshotter",
                "The snapshotter that holds the root file system; empty when unset",
                "the snapshotter",
            ),
            Field::MutableText(
                "snapshot_key",
                "snapshot_key",
                "The key of the root file system's snapshot; empty when unset",
                "the key of the snapshot",
            ),
            Field::MutableText(
                "sandbox_id",
                "sandbox_id",
                "The sandbox that the container belongs to; empty when unset",
                "the sandbox",
            ),
            LABEL,
            Field::Any("spec", "spec", "the record's spec, usually a runtime-spec document as JSON", SPEC),
            Field::Extensions,
            CREATED,
            UPDATED,
        ],
        operations: Some(Operations {
            about: "the container records",
            key: "id",
            has_get: true,
            create_errors: "SB_ERR_INVALID_ARGUMENT for the first rule that the record breaks; SB_ERR_ALREADY_EXISTS",
            create_note: "",
            update: Some(Update {
                all: "everything that can change, and what cannot has to be the same",
                paths: "`labels`, `labels.KEY`, `spec`, `extensions`, `extensions.KEY`, `image`, `snapshotkey`",
            }),
            delete_note: "What it refers to stays.",
        }),
    },
    Record {
        name: "image",
        param: ["image", "images"],
        model: "Image",
        word: "image",
        message: "containerd.services.images.v1.Image",
        doc: "The record of an image: a name for a piece of content.",
        about: "An image record",
        json: "`{\"name\": ..., \"labels\": {...}, \"target\": {\"media_type\": ..., \"digest\": ..., \"size\": ...}, ...}`",
        new: New {
            doc: "Makes a record of this name, for the content of this media type, digest, and size in bytes, with everything else unset. Nothing is checked yet.",
            parameters: &[("name", ""), ("media_type", ""), ("digest", ""), ("size", "i64")],
            record: "Image::new(name, Descriptor::new(media_type, digest, size))",
        },
        fields: &[
            Field::Text("name", "name", "The key of the record in its namespace"),
            Field::Text(
                "target_media_type",
                "target.media_type",
                "The media type of the content that the name stands for",
            ),
            Field::Text("target_digest", "target.digest", "The digest of the content that the name stands for"),
            Field::Target,
            Field::Labels("target_annotation", "target.annotations", ["an annotation of the target", "annotations"]),
            LABEL,
            CREATED,
            UPDATED,
        ],
        operations: Some(Operations {
            about: "the image records",
            key: "name",
            has_get: true,
            create_errors: "SB_ERR_INVALID_ARGUMENT for the first rule that the record breaks; SB_ERR_ALREADY_EXISTS; SB_ERR_NOT_FOUND for a lease that is to hold it and does not exist",
            create_note: "See sb_namespace_with_source_date_epoch() and sb_namespace_with_lease().",
            update: Some(Update {
                all: "labels and target",
                paths: "`labels`, `labels.KEY`, `annotations`, `annotations.KEY` (of the target), `target` (with its annotations)",
            }),
            delete_note: "What it refers to stays until it is collected: see sb_image_delete_with().",
        }),
    },
    Record {
        name: "lease",
        param: ["lease", "leases"],
        model: "Lease",
        word: "lease",
        message: "containerd.services.leases.v1.Lease",
        doc: "A lease: what keeps resources from being collected while someone works with them.",
        about: "A lease",
        json: "`{\"id\": ..., \"labels\": {...}, ...}`",
        new: New {
            doc: "Makes a lease of this id, without labels. With an empty id, sb_lease_create() invents one. Nothing is checked yet.",
            parameters: &[("id", "")],
            record: "Lease { id: id.to_owned(), ..Lease::default() }",
        },
        fields: &[Field::Text("id", "id", "The key of the lease in its namespace"), LABEL, CREATED],
        operations: Some(Operations {
            about: "the leases",
            key: "id",
            has_get: false,
            create_errors: "SB_ERR_ALREADY_EXISTS; SB_ERR_UNKNOWN for a label without a key",
            create_note: "Without an id it gets one that does not collide, such as `659934111-1UFt`.",
            update: None,
            delete_note: "What it held stays until it is collected: see sb_lease_delete_and_collect().",
        }),
    },
    Record {
        name: "sandbox",
        param: ["sandbox", "sandboxes"],
        model: "Sandbox",
        word: "sandbox",
        message: "containerd.types.Sandbox",
        doc: "The record of a sandbox, in which containers share namespaces.",
        about: "A sandbox record",
        json: "`{\"id\": ..., \"runtime\": {\"name\": ...}, \"labels\": {...}, \"sandboxer\": ..., ...}`",
        new: New {
            doc: "Makes a record of this id and runtime, for example `io.containerd.runc.v2`, with everything else unset. Nothing is checked yet.",
            parameters: &[("id", ""), ("runtime", "")],
            record: "Sandbox::new(id, runtime)",
        },
        fields: &[
            Field::Text("id", "id", "The key of the record in its namespace"),
            RUNTIME,
            RUNTIME_OPTIONS,
            Field::MutableText(
                "sandboxer",
                "sandboxer",
                "The controller that made the sandbox; empty when unset",
                "the controller that made it",
            ),
            LABEL,
            Field::Any("spec", "spec", "the record's spec, usually a runtime-spec document as JSON", SPEC),
            Field::Extensions,
            CREATED,
            UPDATED,
        ],
        operations: Some(Operations {
            about: "the sandbox records",
            key: "id",
            has_get: true,
            create_errors: "SB_ERR_INVALID_ARGUMENT for an id that is no identifier; SB_ERR_ALREADY_EXISTS; SB_ERR_UNKNOWN for a label or an extension without a name",
            create_note: "",
            update: Some(Update {
                all: "everything that can change, and the runtime's name has to be the same",
                paths: "`labels`, `labels.KEY`, `extensions`, `extensions.KEY`, `spec`, `runtime`",
            }),
            delete_note: "Containers that name it stay.",
        }),
    },
    Record {
        name: "namespace_record",
        param: ["record", "records"],
        model: "Namespace",
        word: "namespace",
        message: "containerd.services.namespaces.v1.Namespace",
        doc: "The record of a namespace: its name and its labels.",
        about: "The record of a namespace",
        json: "`{\"name\": ..., \"labels\": {...}}`",
        new: New {
            doc: "Makes a record of this name, without labels. Nothing is checked yet.",
            parameters: &[("name", "")],
            record: "Namespace::new(name)",
        },
        fields: &[Field::Text("name", "name", "The name of the namespace"), LABEL],
        operations: None,
    },
];

/// What is said of each type.
const VALUE_DOC: &str = "It is a value of its own: changing it changes nothing in a store until it is given to an operation, which also checks it. Any number of threads may read it; while one changes it, no other may use it.

Texts and bytes that are read from it are its own: they live until it is changed or freed. They are not NUL-terminated.";

/// Makes the files.
pub(crate) fn generate(root: &Path) -> Result<Files, Box<dyn Error>> {
    let mut files = Files::default();
    for record in RECORDS {
        let name = record.name;
        files.add(format!("bindings/c/src/{name}.rs"), finish(root, &record.value())?);
        if let Some(operations) = record.operations(root)? {
            files.add(format!("bindings/c/src/{}.rs", record.param[1]), operations);
        }
    }
    Ok(files)
}

impl Record {
    /// Fills in what every template can name.
    fn fill(&self, template: &str) -> String {
        let [param, params] = self.param;
        template
            .replace("RECORD", self.name)
            .replace("PARAMs", params)
            .replace("PARAM", param)
            .replace("MODEL", self.model)
            .replace("MESSAGE", self.message)
    }

    /// The record itself.
    fn value(&self) -> String {
        let has = |wanted: fn(&Field) -> bool| self.fields.iter().any(wanted);
        let opaque = has(|field| matches!(field, Field::Any(..) | Field::Extensions));
        let any = has(|field| matches!(field, Field::Any(..)));
        let time = has(|field| matches!(field, Field::Time(..)));
        let target = has(|field| matches!(field, Field::Target));
        let models = match (any, target) {
            (true, _) => format!("{{Any, {}}}", self.model),
            (_, true) => format!("{{Descriptor, {}}}", self.model),
            _ => self.model.to_owned(),
        };
        let doc: Vec<_> = format!("{} {VALUE_DOC}", self.doc).lines().map(|line| format!("/// {line}")).collect();
        let parameters = self
            .new
            .parameters
            .iter()
            .map(|(name, kind)| format!("{name}: {},", if kind.is_empty() { "sb_str" } else { kind }));
        let parameters: Vec<_> = parameters.collect();
        let (names, texts): (Vec<_>, Vec<_>) = self
            .new
            .parameters
            .iter()
            .filter(|(_, kind)| kind.is_empty())
            .map(|(name, _)| (*name, format!("args.text(\"{name}\", {name})?")))
            .unzip();
        let pattern =
            |parts: &[String]| if let [one] = parts { one.clone() } else { format!("({})", parts.join(", ")) };
        let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
        let body =
            format!("let {} = {};\nout.give(sb_RECORD::new({}));", pattern(&names), pattern(&texts), self.new.record);

        let mut out = template!("value")
            .replace("ABOUT", self.about)
            .replace("USES", if opaque { "use crate::{labels, opaque};" } else { "use crate::labels;" })
            .replace("VALUES", if time { "sb_bytes, sb_slice, sb_str, sb_time" } else { "sb_bytes, sb_slice, sb_str" })
            .replace("{MODELS}", &models)
            .replace("TYPE_DOC", &doc.join("\n"))
            .replace("NEW_DOC", &format!("/// {}", self.new.doc))
            .replace("NEW_PARAMETERS", &parameters.join("\n"))
            .replace("NEW_BODY", &body)
            .replace("JSON_FORM", self.json)
            .replace("WORD", self.word);
        for field in self.fields {
            out.push_str(&field.functions());
        }
        // Setters come after all that only looks.
        for field in self.fields {
            out.push_str(&field.setters());
        }
        out.push_str(template!("end"));
        self.fill(&out)
    }

    /// What can be done with records of the kind.
    fn operations(&self, root: &Path) -> Result<Option<String>, Box<dyn Error>> {
        let Some(operations) = &self.operations else { return Ok(None) };
        let mut out = template!("operations").replace("ABOUT_ALL", operations.about);
        if operations.has_get {
            out.push_str(template!("get"));
        }
        out.push_str(template!("list"));
        out.push_str(
            &template!("create")
                .replace("CREATE_NOTE", operations.create_note)
                .replace("CREATE_ERRORS", operations.create_errors),
        );
        if let Some(update) = &operations.update {
            out.push_str(&template!("update").replace("UPDATE_ALL", update.all).replace("UPDATE_PATHS", update.paths));
        }
        out.push_str(&template!("delete").replace("DELETE_NOTE", operations.delete_note));
        finish(root, &self.fill(&out.replace("KEYNAME", operations.key))).map(Some)
    }
}

impl Field {
    fn functions(&self) -> String {
        match self {
            Field::Text(name, place, doc) | Field::MutableText(name, place, doc, _) => {
                fill(template!("text"), name, place, doc, "")
            }
            Field::Time(name, doc) => fill(template!("time"), name, name, doc, ""),
            Field::Labels(name, place, [one, all]) => fill(template!("labels"), name, place, all, one),
            Field::Any(name, place, doc, _) => fill(template!("any"), name, place, doc, ""),
            Field::Extensions => template!("extensions").to_owned(),
            Field::Target => template!("target").to_owned(),
        }
    }

    fn setters(&self) -> String {
        match self {
            Field::MutableText(name, place, _, short) => fill(template!("set_text"), name, place, "", short),
            Field::Labels(name, place, [one, all]) => fill(template!("set_labels"), name, place, all, one),
            Field::Any(name, place, doc, example) => {
                // What it usually is was said where it is read.
                let short = doc.split(',').next().unwrap_or_default();
                fill(&template!("set_any").replace("EXAMPLE", example), name, place, doc, short)
            }
            Field::Extensions => template!("set_extensions").to_owned(),
            Field::Target => template!("set_target").to_owned(),
            Field::Text(..) | Field::Time(..) => String::new(),
        }
    }
}

fn fill(template: &str, name: &str, place: &str, doc: &str, short: &str) -> String {
    template.replace("FIELD", name).replace("PLACE", place).replace("DOC", doc).replace("SHORT", short)
}

/// Breaks comments at the width of the project's code, and has rustfmt lay out the rest.
fn finish(root: &Path, text: &str) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for line in text.lines() {
        match line.split_once(' ') {
            Some((mark @ ("///" | "//!"), comment)) => wrap(&mut out, mark, comment),
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024", "--config-path"]).arg(root.join("rustfmt.toml"));
    let mut rustfmt = rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // The whole file fits into no pipe, so it is written while the output is read.
    let mut input = rustfmt.stdin.take().ok_or("rustfmt has no input")?;
    let writer = std::thread::spawn(move || input.write_all(out.as_bytes()));
    let formatted = rustfmt.wait_with_output()?;
    writer.join().map_err(|_| "writing to rustfmt panicked")??;
    if !formatted.status.success() {
        return Err(format!("rustfmt: {}", formatted.status).into());
    }
    Ok(String::from_utf8(formatted.stdout)?)
}

/// The width of comments, in characters.
const WIDTH: usize = 120;

fn wrap(out: &mut String, mark: &str, comment: &str) {
    let mut line = mark.to_owned();
    for word in comment.split_whitespace() {
        if line.len() > mark.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line.truncate(mark.len());
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}
