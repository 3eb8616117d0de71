//! What the server says, on the standard error.

use std::fmt::Arguments;
use std::io::Write as _;

/// How much the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Off,
    /// What keeps it from serving.
    Error,
    /// When it begins and ends, too.
    Info,
    /// Each call, too.
    Debug,
}

/// Says what is worth saying at a level.
pub(super) struct Log(Level);

impl Log {
    pub(super) fn new(level: Level) -> Self {
        Log(level)
    }

    pub(super) fn error(&self, text: Arguments<'_>) {
        self.say(Level::Error, text);
    }

    pub(super) fn info(&self, text: Arguments<'_>) {
        self.say(Level::Info, text);
    }

    pub(super) fn debug(&self, text: Arguments<'_>) {
        self.say(Level::Debug, text);
    }

    fn say(&self, level: Level, text: Arguments<'_>) {
        if level <= self.0 {
            // A client chooses paths: no control character of it reaches the terminal. Nobody to tell when it cannot be said.
            let text: String = text.to_string().chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            let _ = writeln!(std::io::stderr().lock(), "stowbook: {text}");
        }
    }
}
