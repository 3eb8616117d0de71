//! What can be done with the records of a kind in a namespace: get, list, create, update, delete, and iteration, as far as
//! the kind has it. Only what differs between kinds stands with them, in `collections`.

use crate::text::Text;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

/// The texts among the arguments of a call.
pub(crate) fn texts(arguments: &Bound<'_, PyTuple>) -> PyResult<Vec<Text>> {
    let text = |argument: Bound<'_, PyAny>| {
        if argument.is_instance_of::<PyList>() || argument.is_instance_of::<PyTuple>() {
            let message = "a filter is a 'str': give several one by one, or as list(*filters)";
            return Err(PyTypeError::new_err(message));
        }
        argument.extract()
    };
    arguments.iter().map(text).collect()
}

/// Adds to a class, which has a `place` and a `context`, the operations that are named, each with the method of the core that
/// it is. `setup` are the lines of the examples that make `created`.
macro_rules! collection {
    (
        $class:ident of $record:ident as $one:ident, $noun:literal, by $key:ident, $example:literal,
        setup $setup:literal
        $(, get $get:ident)?
        $(, list $list:ident)?
        $(, list_all $list_all:ident $(($scope:ident))?)?
        $(, create $create:ident, update $update:ident, delete $delete:ident, paths $paths:literal, update_signature $signature:literal)?
    ) => {
        $(
            #[pyo3::pymethods]
            impl $class {
                #[doc = concat!("The record of this ", stringify!($key), ".\n\n", $setup, "\n>>> ", $noun, ".get(", $example,
                                ") == created\nTrue")]
                #[pyo3(signature = ($key))]
                #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
                fn get(&self, py: pyo3::Python<'_>, $key: $crate::text::Text) -> pyo3::PyResult<$record> {
                    self.place.run(py, |records| records.$get(&self.context, &$key.0)).map($record)
                }

                #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
                fn __contains__(&self, py: pyo3::Python<'_>, $key: $crate::text::Text) -> pyo3::PyResult<bool> {
                    self.place.run(py, |records| match records.$get(&self.context, &$key.0) {
                        Err(error) if error.kind() == stowbook::ErrorKind::NotFound => Ok(false),
                        result => result.map(|_| true),
                    })
                }
            }
        )?
        $(
            impl $class {
                fn found(&self, py: pyo3::Python<'_>, filters: &[&[u8]]) -> pyo3::PyResult<Vec<$record>> {
                    self.place.run(py, |records| {
                        let mut found = Vec::new();
                        records.$list(&self.context, filters, &mut |record| {
                            found.push($record(record));
                            Ok(std::ops::ControlFlow::Continue(()))
                        })?;
                        Ok(found)
                    })
                }
            }
        )?
        $(
            impl $class {
                fn found(&self, py: pyo3::Python<'_>, filters: &[&[u8]]) -> pyo3::PyResult<Vec<$record>> {
                    let found = self.place.run(py, |records| {
                        records.$list_all(&self.context, $(&self.$scope,)? filters)
                    })?;
                    Ok(found.into_iter().map($record).collect())
                }
            }
        )?

        #[pyo3::pymethods]
        impl $class {
            #[doc = concat!("The records that any of the filters selects (no filter: all), in byte order of their keys.\n\n",
                            "A filter is containerd's: selectors joined by commas, all of which have to hold.\n\n",
                            $setup, "\n>>> ", $noun, ".list(\"labels.role==front\", '", stringify!($key), "==\"other\"') == [created]\nTrue")]
            #[pyo3(signature = (*filters))]
            fn list<'py>(
                &self,
                py: pyo3::Python<'py>,
                filters: &pyo3::Bound<'py, pyo3::types::PyTuple>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyList>> {
                let filters = $crate::collection::texts(filters)?;
                let filters: Vec<&[u8]> = filters.iter().map(|filter| filter.0.as_bytes()).collect();
                pyo3::types::PyList::new(py, self.found(py, &filters)?)
            }

            fn __repr__(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<String> {
                let namespace = self.context.namespace.as_deref().unwrap_or_default();
                let namespace = pyo3::types::PyAnyMethods::repr(&*pyo3::types::PyString::new(py, namespace))?;
                Ok(format!("<{} in namespace {namespace} of a {}>", $noun, self.place.name()))
            }
        }
        $(
            #[pyo3::pymethods]
            impl $class {
                #[doc = concat!("Adds a record, and gives it as it was stored: with times, without empty labels.\n\n",
                                $setup, "\n>>> created.created_at is None\nFalse")]
                #[pyo3(signature = ($one))]
                fn create(
                    &self,
                    py: pyo3::Python<'_>,
                    $one: &pyo3::Bound<'_, $record>,
                ) -> pyo3::PyResult<$record> {
                    let record = &$one.get().0;
                    self.place.run(py, |records| records.$create(&self.context, record)).map($record)
                }

                #[doc = concat!("Changes the fields with these paths to what the record says, and gives it back as it is then. ",
                                "Without\npaths everything that can change is taken over, and what cannot has to be the same.\n\n",
                                "Paths: ", $paths, ".\n\n", $setup, "\n>>> update = created.replace(labels={\"tier\": \"1\"})\n>>> dict(",
                                $noun, ".update(update, fields=[\"labels.tier\"]).labels)\n{'role': 'front', 'tier': '1'}")]
                #[pyo3(signature = ($one, fields=$crate::text::Fields::default()), text_signature = $signature)]
                #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
                fn update(
                    &self,
                    py: pyo3::Python<'_>,
                    $one: &pyo3::Bound<'_, $record>,
                    fields: $crate::text::Fields,
                ) -> pyo3::PyResult<$record> {
                    let record = &$one.get().0;
                    let fields: Vec<&str> = fields.0.iter().map(|field| field.0.as_str()).collect();
                    self.place.run(py, |records| records.$update(&self.context, record, &fields)).map($record)
                }

                #[doc = concat!("Removes a record.\n\n", $setup, "\n>>> ", $noun, ".delete(", $example, ")\n>>> ",
                                $noun, ".list()\n[]")]
                #[pyo3(signature = ($key))]
                #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
                fn delete(&self, py: pyo3::Python<'_>, $key: $crate::text::Text) -> pyo3::PyResult<()> {
                    self.place.run(py, |records| records.$delete(&self.context, &$key.0))
                }
            }
        )?
    };
}

/// Adds iteration over a list.
macro_rules! iterates {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// The records as they are now; later changes do not show.
            fn __iter__<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyIterator>> {
                use pyo3::types::PyAnyMethods as _;
                pyo3::types::PyList::new(py, self.found(py, &[])?)?.try_iter()
            }
        }
    };
}

pub(crate) use {collection, iterates};
