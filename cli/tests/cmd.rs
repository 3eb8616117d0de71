//! Plays the recorded sessions of `tests/cmd` (`guide-…` is a page of `docs`) against the built binary, each in an empty directory.
//!
//! `TRYCMD=overwrite cargo test -p stowbook-cli --test cmd` records them anew; read the difference before you keep it.

#[test]
fn recorded_sessions() {
    trycmd::TestCases::new().env("STOWBOOK_DB", "book.redb").env("NO_COLOR", "1").case("tests/cmd/*.md");
}
