//! What every record can do, whatever it is about: changed copies, and other forms of itself.

/// Adds to a class with a model in it, and arguments named as its properties, what every record has. `keeps` are the fields
/// of the model that are no arguments.
macro_rules! record {
    ($class:ident, $signature:literal, [$($argument:literal),+], keeps [$($kept:ident),*]) => {
        #[pyo3::pymethods]
        impl $class {
            /// The same record with other values for these arguments of its class.
            ///
            /// >>> from stowbook import Namespace
            /// >>> Namespace("k8s.io", {"owner": "kubelet"}).replace(name="moby")
            /// Namespace('moby', labels={'owner': 'kubelet'})
            #[pyo3(signature = (**changes), text_signature = $signature)]
            fn replace<'py>(
                slf: &pyo3::Bound<'py, Self>,
                changes: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<Self> {
                use pyo3::prelude::*;
                let arguments = pyo3::types::PyDict::new(slf.py());
                for name in [$($argument),+] {
                    arguments.set_item(name, slf.getattr(name)?)?;
                }
                if let Some(changes) = changes {
                    arguments.update(changes.as_mapping())?;
                }
                let replaced = slf.get_type().call((), Some(&arguments))?;
                #[allow(unused_mut, reason = "there may be nothing to keep")]
                let mut record = replaced.cast::<Self>()?.get().0.clone();
                $(record.$kept.clone_from(&slf.get().0.$kept);)*
                Ok($class(record))
            }
        }

        $crate::record::forms!($class);
    };
}

/// Adds JSON and dicts.
macro_rules! forms {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// The record as a dict, as ``to_json`` writes it: times as RFC 3339 text, bytes as base64.
            ///
            /// >>> from stowbook import Container
            /// >>> Container("web", "runc").to_dict()["runtime"]
            /// {'name': 'runc'}
            fn to_dict<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::json::to_dict(py, &self.0)
            }

            /// Reads a dict such as ``to_dict`` gives; members that are missing are empty.
            ///
            /// >>> from stowbook import Container
            /// >>> Container.from_dict({"id": "web", "runtime": {"name": "runc"}})
            /// Container('web', runtime='runc')
            #[classmethod]
            #[pyo3(signature = (record, /))]
            fn from_dict(
                class: &pyo3::Bound<'_, pyo3::types::PyType>,
                record: &pyo3::Bound<'_, pyo3::types::PyDict>,
            ) -> pyo3::PyResult<Self> {
                $crate::json::from_dict(class, record).map($class)
            }

            /// The record as JSON on one line.
            ///
            /// >>> from stowbook import Container
            /// >>> print(Container("web", "runc", sandbox_id="pod").to_json())
            /// {"id":"web","image":"","runtime":{"name":"runc"},"snapshotter":"","snapshot_key":"","sandbox_id":"pod"}
            fn to_json(&self) -> pyo3::PyResult<String> {
                $crate::json::write(&self.0)
            }

            /// Reads JSON such as ``to_json`` writes; members that are missing are empty.
            ///
            /// >>> from stowbook import Container
            /// >>> Container.from_json('{"id": "web"}').id
            /// 'web'
            #[classmethod]
            #[pyo3(signature = (text, /))]
            #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
            fn from_json(
                class: &pyo3::Bound<'_, pyo3::types::PyType>,
                text: $crate::json::Json,
            ) -> pyo3::PyResult<Self> {
                $crate::json::read(class, &text).map($class)
            }
        }
    };
}

/// Adds containerd's message. Pickles hold it too, because nothing of a record is lost in it.
macro_rules! message {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// The record as containerd's protobuf message, with what it carried beyond the members here.
            ///
            /// >>> from stowbook import Container
            /// >>> Container("web").to_protobuf()
            /// b'\n\x03web'
            fn to_protobuf<'py>(&self, py: pyo3::Python<'py>) -> pyo3::Bound<'py, pyo3::types::PyBytes> {
                $crate::protobuf::write(py, &self.0)
            }

            /// Reads containerd's protobuf message.
            ///
            /// >>> from stowbook import Container
            /// >>> Container.from_protobuf(b"\n\x03web").id
            /// 'web'
            #[classmethod]
            #[pyo3(signature = (message, /))]
            #[allow(clippy::needless_pass_by_value, reason = "Python hands it over")]
            fn from_protobuf(
                class: &pyo3::Bound<'_, pyo3::types::PyType>,
                message: pyo3::pybacked::PyBackedBytes,
            ) -> pyo3::PyResult<Self> {
                $crate::protobuf::read(class.py(), &message).map($class)
            }

            fn __reduce__<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyTuple>> {
                $crate::protobuf::reduce::<Self>(py, &self.0)
            }
        }
    };
}

/// Adds labels.
macro_rules! labels {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// The labels, in byte order of their keys; they cannot be changed in place.
            #[getter]
            fn labels<'py>(
                &self,
                py: pyo3::Python<'py>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyMappingProxy>> {
                $crate::mapping::labels(py, &self.0.labels)
            }
        }
    };
}

/// Adds the time at which a record was created.
macro_rules! created {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// When the record was created, in UTC, cut to the microsecond; None for a record that no store has seen.
            #[getter]
            fn created_at<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<Option<pyo3::Bound<'py, pyo3::PyAny>>> {
                self.0.created_at.map(|time| $crate::time::datetime(py, time)).transpose()
            }

            /// When the record was created, in nanoseconds since 1970-01-01T00:00:00Z.
            #[getter]
            fn created_at_ns(&self) -> Option<i128> {
                self.0.created_at.map($crate::time::nanoseconds)
            }
        }
    };
}

/// Adds the time at which a record was last changed.
macro_rules! updated {
    ($class:ident) => {
        #[pyo3::pymethods]
        impl $class {
            /// When the record was last changed, in UTC, cut to the microsecond; None for a record that no store has seen.
            #[getter]
            fn updated_at<'py>(&self, py: pyo3::Python<'py>) -> pyo3::PyResult<Option<pyo3::Bound<'py, pyo3::PyAny>>> {
                self.0.updated_at.map(|time| $crate::time::datetime(py, time)).transpose()
            }

            /// When the record was last changed, in nanoseconds since 1970-01-01T00:00:00Z.
            #[getter]
            fn updated_at_ns(&self) -> Option<i128> {
                self.0.updated_at.map($crate::time::nanoseconds)
            }
        }
    };
}

pub(crate) use {created, forms, labels, message, record, updated};
