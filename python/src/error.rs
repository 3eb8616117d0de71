//! The core's errors as exceptions: one class for each row of the core's table of kinds, made from the row.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyTuple, PyType};
use std::cell::Cell;
use stowbook::{Error, ErrorKind, KINDS, KindNames};

const MODULE: &str = "stowbook";
const BASE: &str = "StowbookError";
const BASE_DOC: &str = "\
What every refusal of stowbook is; its children tell the kinds apart.

``kind`` is the kind's code, ``message`` the text, ``help`` a next step (or None), and ``details`` are facts that the
message does not show. Help and details stand in the traceback too, since Python 3.11.

>>> from stowbook import Store, StowbookError
>>> try:
...     Store.in_memory().namespace(\"default\").containers.get(\"web\")
... except StowbookError as error:
...     print(error.kind, error.message, sep=\": \")
not_found: container \"web\" in namespace \"default\": not found";

struct Classes {
    base: Py<PyType>,
    by_kind: Vec<(ErrorKind, Py<PyType>)>,
}

impl Classes {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
        CLASSES.get_or_try_init(py, || Self::new(py))
    }

    fn new(py: Python<'_>) -> PyResult<Self> {
        let builtins = py.import("builtins")?;
        let exception = py.get_type::<PyException>();

        let members = members(py, BASE_DOC, ErrorKind::Unknown.names())?;
        // KeyError would show the message as a literal, in quotes.
        members.set_item("__str__", exception.getattr("__str__")?)?;
        let message = (py.get_type::<PyString>(), py.None(), py.None(), "What went wrong: what ``str(error)`` gives.");
        members.set_item("message", builtins.getattr("property")?.call1(message)?)?;
        members.set_item("help", py.None())?;
        members.set_item("details", PyMappingProxy::new(py, PyDict::new(py).as_mapping()))?;
        let base = class(BASE, &PyTuple::new(py, [exception])?, &members)?;

        let mut by_kind = Vec::with_capacity(KINDS.len());
        for row in KINDS {
            let doc = format!("A refusal of the kind ``{}``.", row.code);
            let mut bases = vec![base.clone()];
            if let Some(name) = row.python_base {
                bases.push(builtins.getattr(name)?.cast_into()?);
            }
            let class = class(row.python, &PyTuple::new(py, bases)?, &self::members(py, &doc, row)?)?;
            by_kind.push((row.kind, class.unbind()));
        }
        Ok(Classes { base: base.unbind(), by_kind })
    }
}

fn members<'py>(py: Python<'py>, doc: &str, row: &KindNames) -> PyResult<Bound<'py, PyDict>> {
    let members = PyDict::new(py);
    members.set_item("__module__", MODULE)?;
    members.set_item("__doc__", doc)?;
    members.set_item("kind", row.code)?;
    Ok(members)
}

fn class<'py>(name: &str, bases: &Bound<'py, PyTuple>, members: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyType>> {
    Ok(members.py().get_type::<PyType>().call1((name, bases, members))?.cast_into()?)
}

/// Adds the exceptions to the module.
pub(crate) fn add_classes(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let classes = Classes::get(py)?;
    module.add(BASE, classes.base.bind(py))?;
    for (kind, class) in &classes.by_kind {
        module.add(kind.names().python, class.bind(py))?;
    }
    Ok(())
}

thread_local! {
    /// The exception that has ended the operation of this thread.
    static KEPT: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// Keeps an exception that ends an operation of the core, to be raised in the place of its error.
pub(crate) fn keep(exception: PyErr) {
    KEPT.set(Some(exception));
}

/// The exception that tells of an error.
pub(crate) fn raise(error: Error) -> PyErr {
    if let Some(exception) = KEPT.take() {
        return exception;
    }
    Python::attach(|py| exception(py, &error).map_or_else(|failure| failure, PyErr::from_value))
}

fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    let class = classes.by_kind.iter().find(|(kind, _)| *kind == error.kind());
    // A kind without a row of its own is still an error of stowbook.
    let class = class.map_or(&classes.base, |(_, class)| class).bind(py);
    let exception = class.call1((error.message(),))?;
    exception.setattr("kind", error.kind().code())?;
    exception.setattr("help", error.help())?;
    let details = PyDict::new(py);
    let mut notes: Vec<String> = error.help().map(|help| format!("help: {help}")).into_iter().collect();
    for detail in error.details() {
        details.set_item(detail.name, &detail.value)?;
        notes.push(format!("{}: {}", detail.name, detail.value));
    }
    exception.setattr("details", details)?;
    if !notes.is_empty() {
        exception.setattr("__notes__", notes)?;
    }
    Ok(exception)
}
