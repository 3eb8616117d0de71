//! The part of the JavaScript package that runs as WebAssembly: the core, behind types that cross the boundary by value. What
//! users see stands in `js/`.
//!
//! No caller's code ever runs while this code does: `js/` has read and checked what it was given before it calls. So a call
//! ends in a result or a `Failure`; anything else that comes out of it means that the instance is broken.
//!
//! What has a form as JSON in the core crosses as that text: one text crosses faster than a thousand members, and reports are
//! the same to the byte in every language. Records are transferred so too, with their opaque values beside the text.

pub mod check;
#[cfg(feature = "store")]
pub mod codec;
mod facts;
mod failure;
#[cfg(feature = "store")]
mod filter;
#[cfg(feature = "store")]
mod host;
#[cfg(feature = "store")]
pub mod metadb;
#[cfg(feature = "store")]
mod store;
#[cfg(feature = "store")]
mod transfer;

use std::panic;
use std::sync::{Mutex, PoisonError};
use wasm_bindgen::prelude::wasm_bindgen;

/// What the code said when it panicked. An instance traps then and runs nothing any more, but can still be asked for this.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs when an instance is made.
#[wasm_bindgen(start)]
pub fn start() {
    panic::set_hook(Box::new(|panic| {
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic.to_string());
    }));
}

/// Why the instance trapped, if it was a panic.
#[wasm_bindgen(js_name = panicMessage)]
#[must_use]
pub fn panic_message() -> Option<String> {
    PANIC.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The version of stowbook.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    stowbook::VERSION.to_owned()
}

/// Whether `bytes` more fit into the memory. Asked before large input comes in, because a failed allocation later would be
/// the end of the instance.
#[wasm_bindgen(js_name = hasRoom)]
#[must_use]
pub fn has_room(bytes: usize) -> bool {
    // The memory grows here and does not shrink again, so the room is still there when it is needed.
    Vec::<u8>::new().try_reserve_exact(bytes).is_ok()
}
