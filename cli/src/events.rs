use crate::args::{Events, Global, Output};
use crate::{Failure, output, place};
use std::io::Write;
use std::time::Duration;
use stowbook::proto::json::Spelling;
use stowbook::{Cursor, ErrorKind, Event, Since, Store};

/// How long another process has the book to itself, between two looks at it.
const PAUSE: Duration = Duration::from_secs(1);

/// How many events are held in memory at a time.
const PAGE: usize = 1000;

pub(crate) fn run(global: &Global, command: &Events) -> Result<(), Failure> {
    #[cfg(all(unix, feature = "serve"))]
    if let Some(server) = place::server(global)? {
        return of_server(global, &server, command);
    }
    if command.follow {
        return follow(global, command);
    }
    let store = place::open_book_or_empty(global)?;
    print(global, &store, command.since.unwrap_or(Since::Oldest), &command.filters).map(drop)
}

/// One process holds a book, so nothing can happen to it while it is open here. So it is opened, read, and closed again.
fn follow(global: &Global, command: &Events) -> Result<(), Failure> {
    let global = Global { read_only: true, ..global.clone() };
    let store = place::open_existing(&global)?;
    let mut after = print(&global, &store, command.since.unwrap_or(Since::Now), &command.filters)?;
    drop(store);
    let mut waiting = false;
    loop {
        std::thread::sleep(PAUSE);
        match place::open_existing(&global) {
            Ok(store) => {
                waiting = false;
                after = print(&global, &store, after.into(), &command.filters)?;
            }
            // Whoever holds it may be about to tell something.
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                if !waiting {
                    anstream::eprintln!("stowbook: waiting: {error}");
                }
                waiting = true;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a server tells. One of stowbook's is asked again when the connection is lost, and misses nothing.
#[cfg(all(unix, feature = "serve"))]
fn of_server(global: &Global, server: &stowbook_grpc::Remote, command: &Events) -> Result<(), Failure> {
    let begin = if command.follow { Since::Now } else { Since::Oldest };
    let mut events = server.all_events(command.since.unwrap_or(begin), &command.filters, !command.follow)?;
    let mut out = std::io::stdout().lock();
    while let Some(event) = events.next(None)? {
        show(global, &event, &mut out)?;
        out.flush()?;
    }
    Ok(())
}

fn show(global: &Global, event: &Event, out: &mut impl Write) -> std::io::Result<()> {
    match global.output {
        Output::Json => writeln!(out, "{}", event.to_json()),
        Output::Table => writeln!(out, "{}", line(event)),
    }
}

/// Prints all events since then, and gives the place behind them.
fn print(global: &Global, store: &Store, mut since: Since, filters: &[String]) -> Result<Cursor, Failure> {
    let mut out = std::io::stdout().lock();
    loop {
        let page = store.events().read(since, filters, PAGE)?;
        for event in &page.events {
            show(global, event, &mut out)?;
        }
        if page.next.number >= page.bounds.last {
            out.flush()?;
            return Ok(page.next);
        }
        since = page.next.into();
    }
}

/// An event as `ctr events` prints it. What ctr leaves out, because it does not know the type, is shown in base64.
fn line(event: &Event) -> String {
    let envelope = &event.envelope;
    let time = envelope.timestamp.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |time| time.to_string());
    let time = time.replace('T', " ").replace('Z', " +0000 UTC");
    let message = match (event.payload(Spelling::Go), &envelope.event) {
        (Some(payload), _) => as_go_escapes(&payload.to_string()),
        (None, Some(event)) => serde_json::to_string(event).unwrap_or_default(),
        (None, None) => String::new(),
    };
    output::shown(&format!("{time} {} {} {message}", envelope.namespace, envelope.topic))
}

/// Go's JSON can stand inside HTML.
fn as_go_escapes(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}
