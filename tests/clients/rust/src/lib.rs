//! Holds nothing: see the tests.
