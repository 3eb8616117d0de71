//! The one way in and out. Each function of the library is one [`Entry`]: it reads parameters through [`Args`], keeps panics
//! from crossing into C, and turns what comes back into a status and an error handle.

use crate::error::sb_error;
use crate::status::sb_status;
use crate::value::{sb_bytes, sb_slice, sb_str};
use std::any::Any;
use std::cell::RefCell;
use std::fmt::Display;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};
use stowbook_core::{Error, ErrorKind, Result};

/// What C holds a pointer to.
///
/// The C type `sb_x` is the Rust type `sb_x` itself, so there is no cast that could be wrong, and always in a `Box` that C
/// owns alone: made by [`Out::give`], gone with [`Entry::free`]. Handles that must outlive their makers share an `Arc`
/// inside. A handle lent to C is a `*const`, which no function frees. `Send` and `Sync`, because C hands pointers to any
/// thread.
pub(crate) trait Handle: Send + Sync + 'static {
    /// Set when a call on the handle panicked: its insides can be half changed, so it is used no more.
    fn poisoned(&self) -> &AtomicBool;
}

/// What an out parameter holds when there is nothing to give.
pub(crate) trait Empty {
    /// NULL, and what contains it.
    const EMPTY: Self;
}

impl<T: Handle> Empty for *mut T {
    const EMPTY: Self = ptr::null_mut();
}

impl<T: Handle> Empty for *const T {
    const EMPTY: Self = ptr::null();
}

/// One call from C.
pub(crate) struct Entry {
    error_out: *mut *mut sb_error,
}

impl Entry {
    /// Begins a call; `error_out` may be NULL.
    ///
    /// # Safety
    /// Each pointer that is given to the entry, or to its [`Args`], is NULL or, until the call ends:
    /// - to a handle: came from this library as that type, and is not freed;
    /// - to a handle that is changed (`*mut`): used by no other call meanwhile;
    /// - an out parameter: may be written to, and overlaps with no other parameter;
    /// - with a length: so many elements may be read, and do not change.
    pub(crate) unsafe fn new(error_out: *mut *mut sb_error) -> Self {
        Entry { error_out }
    }

    /// Runs a function that can fail. The parameters live only inside `body`.
    pub(crate) fn run(self, body: impl for<'a> FnOnce(&Args<'a>) -> Result<()>) -> sb_status {
        if !self.error_out.is_null() {
            // SAFETY: not NULL, so it may be written to: promised to `Entry::new`.
            unsafe { self.error_out.write(ptr::null_mut()) };
        }
        let Err(error) = guarded(body) else { return sb_status::SB_OK };
        let status = sb_status::from(error.kind());
        if !self.error_out.is_null() {
            let error = Box::into_raw(Box::new(sb_error::new(&error)));
            // SAFETY: as above.
            unsafe { self.error_out.write(error) };
        }
        status
    }

    /// Runs a function that only looks something up, and gives an empty value when it cannot.
    pub(crate) fn look_up<T: Empty>(self, body: impl for<'a> FnOnce(&Args<'a>) -> Result<T>) -> T {
        guarded(body).unwrap_or(T::EMPTY)
    }

    /// Runs a function that counts, and gives 0 when it cannot.
    pub(crate) fn count(self, body: impl for<'a> FnOnce(&Args<'a>) -> Result<usize>) -> usize {
        guarded(body).unwrap_or(0)
    }

    /// Drops a handle; NULL is allowed.
    pub(crate) fn free<T: Handle>(self, handle: *mut T) {
        if !handle.is_null() {
            // SAFETY: handles are boxed by `Out::give`, and freed by nobody else: promised to `Entry::new`.
            let handle = unsafe { Box::from_raw(handle) };
            // A panic in a destructor ends here; there is nobody to tell.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
        }
    }

    /// Drops bytes that were handed out, and says so in their place; NULL is allowed.
    pub(crate) fn free_bytes(self, bytes: *mut sb_bytes) {
        if bytes.is_null() {
            return;
        }
        // SAFETY: not NULL, so it points to an `sb_bytes` that may be written to: promised to `Entry::new`.
        let bytes = unsafe { bytes.replace(sb_bytes::EMPTY) };
        if !bytes.data.is_null() {
            // A NUL follows the counted bytes: see `sb_bytes::owned`.
            let all = ptr::slice_from_raw_parts_mut(bytes.data, bytes.len.saturating_add(1));
            // SAFETY: this is the box that `sb_bytes::owned` took apart.
            drop(unsafe { Box::from_raw(all) });
        }
    }
}

/// Runs `body`; a panic in it becomes an error and poisons the handles that it was given. The panic hook is the host
/// program's, and is left alone.
fn guarded<T>(body: impl for<'a> FnOnce(&Args<'a>) -> Result<T>) -> Result<T> {
    let args = Args { handles: RefCell::default(), call: PhantomData };
    // Nothing that a panic can leave half changed is seen again: the handles refuse.
    let caught = catch_unwind(AssertUnwindSafe(|| body(&args)));
    caught.unwrap_or_else(|panic| {
        for handle in args.handles.take() {
            // SAFETY: the handle is alive until the call ends, and what `body` borrowed from it is gone.
            let handle = unsafe { &*handle };
            handle.poisoned().store(true, Ordering::Relaxed);
        }
        Err(defect(&*panic))
    })
}

#[cold]
fn defect(panic: &(dyn Any + Send)) -> Error {
    let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Error::new(ErrorKind::Internal, "stowbook panicked")
        .with_detail("panic", what.unwrap_or("without a text"))
        .with_help("this is a defect in stowbook, please report it; free the handles that this call used")
}

/// How a call reads its parameters. What it gives lives for `'a`, which ends with the call.
pub(crate) struct Args<'a> {
    handles: RefCell<Vec<*const dyn Handle>>,
    call: PhantomData<&'a ()>,
}

impl<'a> Args<'a> {
    /// A handle that is only looked at, or that guards itself.
    pub(crate) fn handle<T: Handle>(&self, name: &str, handle: *const T) -> Result<&'a T> {
        self.check(name, handle)?;
        // SAFETY: not NULL, so alive and changed by nobody until the call ends: promised to `Entry::new`.
        Ok(unsafe { &*handle })
    }

    /// A handle that need not be there.
    pub(crate) fn optional_handle<T: Handle>(&self, name: &str, handle: *const T) -> Result<Option<&'a T>> {
        if handle.is_null() { Ok(None) } else { self.handle(name, handle).map(Some) }
    }

    /// A handle that is changed.
    pub(crate) fn handle_mut<T: Handle>(&self, name: &str, handle: *mut T) -> Result<&'a mut T> {
        self.check(name, handle)?;
        // SAFETY: not NULL, so alive and used by nobody else until the call ends: promised to `Entry::new`.
        Ok(unsafe { &mut *handle })
    }

    fn check<T: Handle>(&self, name: &str, handle: *const T) -> Result<()> {
        if handle.is_null() {
            return Err(missing(name));
        }
        // SAFETY: not NULL, so alive: promised to `Entry::new`.
        let flag = unsafe { &*handle }.poisoned();
        if flag.load(Ordering::Relaxed) {
            return Err(Error::new(
                ErrorKind::Internal,
                format!("{name} is unusable, because stowbook panicked in an earlier call"),
            )
            .with_detail("parameter", name)
            .with_help("free it, and everything that was reached through it, and begin anew"));
        }
        self.handles.borrow_mut().push(handle);
        Ok(())
    }

    /// Where a result goes; empty from now on.
    pub(crate) fn out<T: Empty>(&self, name: &str, place: *mut T) -> Result<Out<'a, T>> {
        let out = self.optional_out(place);
        if out.0.is_none() { Err(missing(name)) } else { Ok(out) }
    }

    /// Where a result goes if somebody wants it; empty from now on.
    pub(crate) fn optional_out<T: Empty>(&self, place: *mut T) -> Out<'a, T> {
        let place = NonNull::new(place);
        if let Some(place) = place {
            // SAFETY: not NULL, so it may be written to: promised to `Entry::new`.
            unsafe { place.write(T::EMPTY) };
        }
        Out(place, PhantomData)
    }

    /// A text.
    pub(crate) fn text(&self, name: impl Display, text: sb_str) -> Result<&'a str> {
        let bytes = self.elements(&name, text.data.cast::<u8>(), text.len)?;
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            Error::invalid_argument(format!("{name} is not UTF-8 at byte {at}"))
                .with_detail("parameter", name)
                .with_detail("byte", at)
        })
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str, texts: *const sb_str, count: usize) -> Result<Vec<&'a str>> {
        let texts = self.elements(name, texts, count)?;
        texts.iter().enumerate().map(|(i, text)| self.text(format_args!("{name}[{i}]"), *text)).collect()
    }

    /// Bytes.
    pub(crate) fn bytes(&self, name: &str, bytes: sb_slice) -> Result<&'a [u8]> {
        self.elements(name, bytes.data, bytes.len)
    }

    fn elements<T>(&self, name: impl Display, first: *const T, count: usize) -> Result<&'a [T]> {
        if first.is_null() {
            return if count == 0 {
                Ok(&[])
            } else {
                let message = format!("{name} is NULL, but has a length of {count}");
                Err(Error::invalid_argument(message).with_detail("parameter", name).with_detail("length", count))
            };
        }
        if count > isize::MAX as usize / size_of::<T>() {
            let message = format!("{name} has a length of {count}, which is more than memory can hold");
            return Err(Error::invalid_argument(message).with_detail("parameter", name).with_detail("length", count));
        }
        if !first.is_aligned() {
            return Err(Error::invalid_argument(format!("{name} is not aligned")).with_detail("parameter", name));
        }
        // SAFETY: not NULL, aligned, within the limit, and so many elements may be read: promised to `Entry::new`.
        Ok(unsafe { slice::from_raw_parts(first, count) })
    }
}

#[cold]
fn missing(parameter: &str) -> Error {
    Error::invalid_argument(format!("{parameter} is NULL")).with_detail("parameter", parameter)
}

/// A place for a result, if somebody wants it.
pub(crate) struct Out<'a, T>(Option<NonNull<T>>, PhantomData<&'a mut T>);

impl<T> Out<'_, T> {
    /// Writes the result. The last thing that a call does, so that a failure leaves the place empty.
    pub(crate) fn set(self, value: T) {
        if let Some(place) = self.0 {
            // SAFETY: it may be written to until the call ends: promised to `Entry::new`.
            unsafe { place.write(value) };
        }
    }
}

impl<T> Out<'_, T> {
    /// Writes a result that is made only when somebody wants it.
    pub(crate) fn make(self, value: impl FnOnce() -> T) {
        if self.0.is_some() {
            self.set(value());
        }
    }
}

impl<T: Handle> Out<'_, *mut T> {
    /// Hands a handle over to the caller, or drops it when nobody wants it.
    pub(crate) fn give(self, handle: T) {
        if self.0.is_some() {
            self.set(Box::into_raw(Box::new(handle)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{sb_error_free, sb_error_help, sb_error_message, sb_error_status};
    use crate::store::{
        sb_store, sb_store_free, sb_store_namespace, sb_store_open_memory, sb_txn, sb_txn_begin, sb_txn_free,
    };

    fn entry(error_out: *mut *mut sb_error) -> Entry {
        // SAFETY: the tests below pass what is asked for.
        unsafe { Entry::new(error_out) }
    }

    fn text(text: sb_str) -> String {
        // SAFETY: the error that it belongs to is alive.
        let bytes = unsafe { slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn open() -> *mut sb_store {
        let mut store = ptr::null_mut();
        // SAFETY: the place may be written to.
        assert_eq!(unsafe { sb_store_open_memory(&raw mut store, ptr::null_mut()) }, sb_status::SB_OK);
        store
    }

    #[test]
    fn a_panic_becomes_an_error_and_poisons_what_the_call_used() {
        let store = open();
        let mut txn: *mut sb_txn = ptr::null_mut();
        // SAFETY: the store is alive, and the place may be written to.
        assert_eq!(unsafe { sb_txn_begin(store, &raw mut txn, ptr::null_mut()) }, sb_status::SB_OK);

        let mut error = ptr::null_mut();
        let mut out: *mut sb_store = ptr::dangling_mut();
        let status = entry(&raw mut error).run(|args| {
            let _out = args.out("store_out", &raw mut out)?;
            args.handle("txn", txn)?;
            panic!("on {}", "purpose");
        });
        assert_eq!(status, sb_status::SB_ERR_INTERNAL);
        assert!(out.is_null());
        // SAFETY: the error is alive.
        let (found, message, help) = unsafe { (sb_error_status(error), sb_error_message(error), sb_error_help(error)) };
        assert_eq!(found, sb_status::SB_ERR_INTERNAL);
        assert_eq!(text(message), "stowbook panicked");
        assert!(text(help).contains("report"));
        // SAFETY: the error is alive.
        unsafe { sb_error_free(error) };

        // The store is the same book, so it refuses too.
        let mut namespace = ptr::dangling_mut();
        // SAFETY: the handles are alive, and the places may be written to.
        let status = unsafe { sb_store_namespace(store, sb_str::borrowed("a"), &raw mut namespace, &raw mut error) };
        assert_eq!(status, sb_status::SB_ERR_INTERNAL);
        assert!(namespace.is_null());
        // SAFETY: the error is alive.
        let message = unsafe { sb_error_message(error) };
        assert_eq!(text(message), "store is unusable, because stowbook panicked in an earlier call");
        // SAFETY: the handles are alive.
        unsafe {
            sb_error_free(error);
            sb_txn_free(txn);
            sb_store_free(store);
        }
    }

    #[test]
    fn a_panic_of_a_look_up_gives_nothing() {
        assert!(entry(ptr::null_mut()).look_up(|_| -> Result<sb_str> { panic!("on purpose") }).data.is_null());
        assert_eq!(entry(ptr::null_mut()).count(|_| panic!("on purpose")), 0);
    }

    #[test]
    fn a_panic_of_a_destructor_stays_inside() {
        struct Bomb(AtomicBool);
        impl Handle for Bomb {
            fn poisoned(&self) -> &AtomicBool {
                &self.0
            }
        }
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("on purpose");
            }
        }
        entry(ptr::null_mut()).free(Box::into_raw(Box::new(Bomb(AtomicBool::default()))));
    }
}
