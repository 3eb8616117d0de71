//! How records show themselves: as the call that makes them, with what cannot be written there in angle brackets.

use crate::mapping;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::fmt::{Display, Write as _};
use stowbook::model::{self, Timestamp};

pub(crate) struct Repr<'py> {
    py: Python<'py>,
    out: String,
    is_first: bool,
}

impl<'py> Repr<'py> {
    pub(crate) fn new(py: Python<'py>, class: &str) -> Self {
        Repr { py, out: format!("{class}("), is_first: true }
    }

    pub(crate) fn end(mut self) -> String {
        self.out.push(')');
        self.out
    }

    fn put(&mut self, value: impl Display) {
        let comma = if std::mem::take(&mut self.is_first) { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(self.out, "{comma}{value}");
    }

    fn shown(&self, text: &str) -> PyResult<String> {
        PyString::new(self.py, text).repr()?.extract()
    }

    /// An argument without a name.
    pub(crate) fn text(mut self, text: &str) -> PyResult<Self> {
        let text = self.shown(text)?;
        self.put(text);
        Ok(self)
    }

    /// An argument, as it is.
    pub(crate) fn plain(mut self, text: impl Display) -> Self {
        self.put(text);
        self
    }

    /// A named argument, as it is.
    pub(crate) fn named(mut self, name: &str, value: impl Display) -> Self {
        self.put(format_args!("{name}={value}"));
        self
    }

    /// Named texts. Those that are empty are left out.
    pub(crate) fn texts<const N: usize>(mut self, texts: [(&str, &str); N]) -> PyResult<Self> {
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            let text = self.shown(text)?;
            self = self.named(name, text);
        }
        Ok(self)
    }

    pub(crate) fn labels(self, name: &str, labels: &model::Labels) -> PyResult<Self> {
        if labels.is_empty() {
            return Ok(self);
        }
        let labels = mapping::dict(self.py, labels)?.repr()?.to_string();
        Ok(self.named(name, labels))
    }

    pub(crate) fn runtime(self, runtime: &model::Runtime) -> PyResult<Self> {
        let shown = match &runtime.options {
            None => self.shown(&runtime.name)?,
            Some(_) => runtime_repr(self.py, runtime)?,
        };
        Ok(self.named("runtime", shown))
    }

    pub(crate) fn any(self, name: &str, any: Option<&model::Any>) -> PyResult<Self> {
        let Some(any) = any else { return Ok(self) };
        let shown = any_repr(self.py, any)?;
        Ok(self.named(name, shown))
    }

    pub(crate) fn extensions(self, extensions: &model::Extensions) -> PyResult<Self> {
        if extensions.is_empty() {
            return Ok(self);
        }
        let names: Vec<_> = extensions.keys().map(|name| self.shown(name)).collect::<PyResult<_>>()?;
        Ok(self.named("extensions", format_args!("<{}>", names.join(", "))))
    }

    pub(crate) fn times<const N: usize>(mut self, times: [(&str, Option<Timestamp>); N]) -> Self {
        for (name, time) in times {
            if let Some(time) = time {
                self = self.named(name, format_args!("<{time}>"));
            }
        }
        self
    }
}

pub(crate) fn runtime_repr(py: Python<'_>, runtime: &model::Runtime) -> PyResult<String> {
    Ok(Repr::new(py, "Runtime").text(&runtime.name)?.any("options", runtime.options.as_ref())?.end())
}

pub(crate) fn any_repr(py: Python<'_>, any: &model::Any) -> PyResult<String> {
    let length = format!("<{} bytes>", any.value.len());
    Ok(Repr::new(py, "Any").text(&any.type_url)?.plain(length).end())
}
