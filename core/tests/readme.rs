//! The quick start in Rust runs, letter for letter as the project's README has it.

use std::error::Error;

#[rustfmt::skip]
#[test]
fn quick_start() -> Result<(), Box<dyn Error>> {
let folder = tempfile::tempdir()?;
std::env::set_current_dir(&folder)?;

use stowbook::{Store, model::Container};
let store = Store::open("book.redb")?;
let web = Container::new("web", "io.containerd.runc.v2");
store.namespace("default").containers().create(&web)?;
for container in store.namespace("default").containers().list(&["labels.role==web"])? { println!("{}", container.id); }

assert!(folder.path().join("book.redb").exists());
assert_eq!(store.namespace("default").containers().list(&["runtime.name==io.containerd.runc.v2"])?[0].id, "web");
Ok(())
}

#[test]
fn it_is_the_text_of_the_readme() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```rust\n").unwrap();
    let (code, _) = rest.split_once("```").unwrap();
    assert!(include_str!("readme.rs").contains(code), "quick_start() is not what the README has:\n{code}");
}
