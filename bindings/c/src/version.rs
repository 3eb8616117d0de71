//! Which library this is.

use std::ffi::c_char;

/// The version of the interface that this header describes. It grows when something is taken away or changes its meaning;
/// what is only added leaves it. A program that loads the library at run time compares it with sb_abi_version().
pub const SB_ABI_VERSION: u32 = 1;

/// The version of the library, as in SB_VERSION. The text lives as long as the program; do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn sb_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The SB_ABI_VERSION that the library was built with.
#[unsafe(no_mangle)]
pub extern "C" fn sb_abi_version() -> u32 {
    SB_ABI_VERSION
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_the_version_of_the_core() {
        assert_eq!(env!("CARGO_PKG_VERSION"), stowbook_core::VERSION);
    }
}
