# Sourced by every script of ci/: goes to the project's root, sets what all of them build with, and prints the script's
# name when it starts and its time when it ends.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One folder for all that is built or installed, so that nothing is built twice.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
export PATH="$CARGO_TARGET_DIR/tools/bin:$CARGO_TARGET_DIR/venv/bin:$PATH"
# Backtraces with lines, at a third of the disk and link time of full debug information.
export CARGO_PROFILE_DEV_DEBUG=line-tables-only
# The Python module finds Python's symbols in the process that loads it, so no build of it needs a libpython.
export PYO3_BUILD_EXTENSION_MODULE=1
if [ "${CI:-}" = true ]; then
    export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
fi

# Whether the compiler in use brings a standard library for wasm, as after `rustup target add wasm32-unknown-unknown`.
has_wasm_std() {
    compgen -G "$(rustc --print target-libdir --target wasm32-unknown-unknown)/libcore-*.rlib" >/dev/null
}

print_time() {
    local status=$?
    if [ $status -eq 0 ]; then echo "== $name: $SECONDS s"; else echo "== $name: failed after $SECONDS s"; fi
}

name="ci/$(basename "$0")"
echo "== $name${*:+ $*}"
trap print_time EXIT
