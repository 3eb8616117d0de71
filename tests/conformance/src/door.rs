//! The runner's end of DOORS.md: a driver in another process plays the steps.

use crate::place::{Answer, Place};
use crate::value::{
    self, ById, ByName, BySandboxId, DeleteImage, Filters, Forward, Message, Namespaces, NewLease, OfLease, Publish,
    WithContainer, WithImage, WithNamespace, WithSandbox,
};
use crate::vectors::Step;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use stowbook::KINDS;
use stowbook::model::{Container, Image, Lease, LeaseResource, Namespace, Sandbox};
use stowbook::proto::Message as _;

/// How long a driver may think about one request.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a driver may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// How much of what a driver says of its troubles is kept, in bytes.
const LAST_WORDS_BYTES: usize = 4000;

/// A value of a line: absent, or bytes.
pub(crate) type Word = Option<Vec<u8>>;

/// A driver that runs.
pub(crate) struct Door {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<String>,
    /// The last that it wrote to its standard error.
    complaints: Arc<Mutex<Vec<u8>>>,
    /// What it said when it died.
    dead: Option<String>,
    /// Whether nobody has heard yet how it ended.
    is_untold: bool,
    /// The number of the last event that was compared; none when the door does not tell of events.
    compared: Option<u64>,
}

impl Door {
    /// Starts a driver with a shell.
    pub(crate) fn start(command: &str) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = shell.process_group(0).spawn()?;
        let (sender, replies) = channel();
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut output = BufReader::new(output);
                let mut line = Vec::new();
                while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                    let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
                    line.clear();
                    if sender.send(text).is_err() {
                        break;
                    }
                }
            });
        }
        let complaints = Arc::new(Mutex::new(Vec::new()));
        if let Some(mut errors) = child.stderr.take() {
            let complaints = Arc::clone(&complaints);
            // Read all the time, so that a talkative driver does not wait for a full pipe.
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = errors.read(&mut chunk) {
                    let mut said = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                    said.extend_from_slice(chunk.get(..read).unwrap_or_default());
                    let surplus = said.len().saturating_sub(LAST_WORDS_BYTES);
                    said.drain(..surplus);
                }
            });
        }
        let requests = child.stdin.take();
        let mut door = Door { child, requests, replies, complaints, dead: None, is_untold: false, compared: None };
        // Whoever cannot answer this shows it again when the first case is played.
        if door.ask("reset").is_ok() && door.ask(&line("events.read", &[Some(b"0".to_vec())])).as_deref() == Ok("ok") {
            door.compared = Some(0);
        }
        door.is_untold = door.dead.is_some();
        Ok(door)
    }

    /// Sends a request and waits for the reply. An error is the end of the driver.
    fn ask(&mut self, request: &str) -> Result<String, String> {
        if let Some(dead) = &self.dead {
            if std::mem::take(&mut self.is_untold) {
                return Err(dead.clone());
            }
            return Err(format!("the driver ended earlier: {}", dead.lines().next().unwrap_or_default()));
        }
        let sent = match &mut self.requests {
            Some(requests) => writeln!(requests, "{request}").and_then(|()| requests.flush()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        let reply = match sent {
            Ok(()) => self.replies.recv_timeout(PATIENCE),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        reply.map_err(|error| {
            let what = match error {
                RecvTimeoutError::Timeout => format!("the driver did not reply within {} s", PATIENCE.as_secs()),
                RecvTimeoutError::Disconnected => "the driver ended".to_owned(),
            };
            self.bury(&what)
        })
    }

    /// Ends a driver that does not answer, and tells what it said.
    fn bury(&mut self, what: &str) -> String {
        let status = self.end(FAREWELL);
        // What it wrote last may still be on its way from the pipe.
        std::thread::sleep(Duration::from_millis(50));
        let mut text = format!("{what} ({status})");
        let said = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        for line in String::from_utf8_lossy(&said).lines() {
            text.push_str("\n| ");
            text.push_str(line);
        }
        self.dead = Some(text.clone());
        text
    }

    /// Ends the requests, which is a driver's end, and the driver itself if it takes longer than that.
    fn end(&mut self, patience: Duration) -> String {
        self.requests = None;
        let asked = Instant::now();
        while asked.elapsed() < patience {
            match self.child.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return error.to_string(),
            }
        }
        // With all that the shell started. It may have ended just now, and that is all right.
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
        "it went on, and was killed".to_owned()
    }

    fn run(&mut self, step: &Step) -> Result<Answer, String> {
        let request = match request(step) {
            Ok(Some(words)) => words,
            Ok(None) => return Ok(Answer::Unsupported(format!("door has no {}", step.op))),
            Err(error) => return Err(format!("the request cannot be read: {error}")),
        };
        let reply = self.ask(&request)?;
        answer(step, &reply).ok_or_else(|| format!("the driver answered {:?}", shortened(&reply)))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if self.dead.is_none() {
            self.end(FAREWELL);
        }
    }
}

impl Place for Door {
    fn reset(&mut self) -> Result<(), String> {
        self.compared = self.compared.map(|_| 0);
        match self.ask("reset")?.as_str() {
            "ok" => Ok(()),
            other => Err(format!("the driver answered {:?} to reset", shortened(other))),
        }
    }

    fn lacks(&self, op: &str) -> Option<String> {
        let served = ["containers.", "events.", "images.", "leases.", "namespaces.", "sandboxes."];
        (!served.iter().any(|kind| op.starts_with(kind))).then(|| format!("door has no {op}"))
    }

    fn provides(&self, what: &str) -> bool {
        match what {
            // The core behind the door collects; a door that cannot ask it to has no `leases.delete`.
            "gc" => true,
            "events" => self.tells_events(),
            _ => false,
        }
    }

    fn tells_events(&self) -> bool {
        self.compared.is_some()
    }

    fn published(&mut self) -> Result<Vec<Value>, String> {
        let after = self.compared.unwrap_or_default();
        let reply = self.ask(&line("events.read", &[Some(after.to_string().into_bytes())]))?;
        let nonsense = || format!("the driver answered {:?} to events.read", shortened(&reply));
        let Some(events) = told(&reply) else { return Err(nonsense()) };
        let mut published = Vec::new();
        for event in events {
            self.compared = Some(event.get("number").and_then(Value::as_u64).ok_or_else(nonsense)?);
            if event.get("published") == Some(&Value::Bool(true)) {
                published.push(value::event(event));
            }
        }
        Ok(published)
    }

    fn play(&mut self, step: &Step) -> Answer {
        self.run(step).unwrap_or_else(Answer::Broken)
    }

    fn tick(&self) -> Duration {
        // What a clock in a browser counts in.
        Duration::from_millis(1)
    }
}

/// The line of a step; none for an operation that DOORS.md does not have.
fn request(step: &Step) -> serde_json::Result<Option<String>> {
    let text = |text: String| Some(text.into_bytes());
    let namespace = step.namespace().map(|name| name.as_bytes().to_vec());
    let lease = step.lease().map(|lease| lease.as_bytes().to_vec());
    let flag = |is_set: bool| is_set.then(|| b"true".to_vec());
    // What tells a list from a stream is the wire.
    let op = if step.op == "containers.list_stream" { "containers.list" } else { &step.op };
    let mut words: Vec<Word> = Vec::new();
    if !op.starts_with("namespaces.") && op != "events.forward" {
        words.push(namespace);
    }
    match op {
        "containers.get" | "containers.delete" => words.push(text(step.request::<ById>()?.id)),
        "containers.list" | "images.list" | "leases.list" | "sandboxes.list" => {
            words.extend(step.request::<Filters>()?.filters.into_iter().map(text));
        }
        "containers.create" => words.push(record(&step.request::<WithContainer>()?.container)?),
        "containers.update" => {
            let request: WithContainer = step.request()?;
            words.push(record(&request.container)?);
            words.extend(request.update_mask.paths().into_iter().map(|path| text(path.to_owned())));
        }
        "images.get" => words.push(text(step.request::<ByName>()?.name)),
        "images.create" | "images.update" => {
            let request: WithImage = step.request()?;
            let epoch = request.source_date_epoch.map(|time| time.to_string().into_bytes());
            words.extend([record(&request.image)?, lease, epoch]);
            words.extend(request.update_mask.paths().into_iter().map(|path| text(path.to_owned())));
        }
        "images.delete" => {
            let request: DeleteImage = step.request()?;
            let digest = request.target.map(|target| target.digest.into_bytes());
            words.extend([text(request.name), lease, digest, flag(request.sync)]);
        }
        "leases.create" => {
            let NewLease { id, labels } = step.request()?;
            words.push(record(&Lease { id, labels, ..Lease::default() })?);
        }
        "leases.delete" => {
            let request: OfLease = step.request()?;
            words.extend([text(request.id), flag(request.sync)]);
        }
        "leases.add_resource" | "leases.delete_resource" => {
            let request: OfLease = step.request()?;
            words.extend([text(request.id), text(request.resource.kind), text(request.resource.id)]);
        }
        "leases.list_resources" => words.push(text(step.request::<OfLease>()?.id)),
        "sandboxes.get" | "sandboxes.delete" => words.push(text(step.request::<BySandboxId>()?.sandbox_id)),
        "sandboxes.create" => words.push(record(&step.request::<WithSandbox>()?.sandbox)?),
        "sandboxes.update" => {
            let request: WithSandbox = step.request()?;
            words.push(record(&request.sandbox)?);
            words.extend(request.fields.into_iter().map(text));
        }
        "events.publish" => {
            let request: Publish = step.request()?;
            words.extend([text(request.topic), text(request.event.type_url), Some(request.event.value)]);
        }
        "events.forward" => words.push(Some(step.request::<Forward>()?.envelope.encode())),
        "namespaces.get" | "namespaces.delete" => words.push(text(step.request::<ByName>()?.name)),
        "namespaces.list" => drop(step.request::<Namespaces>()?),
        "namespaces.create" => words.push(record(&step.request::<WithNamespace>()?.namespace)?),
        "namespaces.update" => {
            let request: WithNamespace = step.request()?;
            words.push(record(&request.namespace)?);
            words.extend(request.update_mask.paths().into_iter().map(|path| text(path.to_owned())));
        }
        _ => return Ok(None),
    }
    Ok(Some(line(op, &words)))
}

fn record(record: &impl Serialize) -> serde_json::Result<Word> {
    serde_json::to_vec(record).map(Some)
}

/// What a reply means; none if it is not one that the step can have.
fn answer(step: &Step, reply: &str) -> Option<Answer> {
    if reply == "unsupported" {
        return Some(Answer::Unsupported(format!("door has no {}", step.op)));
    }
    let mut words = reply.split(' ');
    match words.next()? {
        "error" => {
            let kind = words.next()?;
            let kind = KINDS.iter().find(|row| row.code == kind)?.kind;
            let message = parse_word(words.next()?)??;
            words.next().is_none().then_some(Answer::Refused { kind, message })
        }
        "ok" => response(&step.op, &values(reply)?).map(Answer::Ok),
        _ => None,
    }
}

/// The values of a reply that something went well.
fn values(reply: &str) -> Option<Vec<Vec<u8>>> {
    let mut words = reply.split(' ');
    (words.next()? == "ok").then(|| words.map(|word| parse_word(word).flatten()).collect())?
}

/// The events of a reply, as JSON.
fn told(reply: &str) -> Option<Vec<Value>> {
    values(reply)?.iter().map(|event| serde_json::from_slice(event).ok()).collect()
}

fn response(op: &str, words: &[Vec<u8>]) -> Option<Value> {
    let list = |name: &str, read: fn(&[u8]) -> Option<Value>| {
        let records: Option<Vec<Value>> = words.iter().map(|record| read(record)).collect();
        Some(Message::default().list(name, records?).end())
    };
    match (op, words) {
        ("containers.list" | "containers.list_stream", _) => list("containers", container),
        ("images.list", _) => list("images", image),
        ("leases.list", _) => list("leases", lease),
        ("leases.list_resources", _) => {
            let (pairs, []) = words.as_chunks::<2>() else { return None };
            let resources: Option<Vec<Value>> = pairs.iter().map(|[kind, id]| lease_resource(kind, id)).collect();
            Some(Message::default().list("resources", resources?).end())
        }
        ("sandboxes.list", _) => list("list", sandbox),
        ("namespaces.list", _) => list("namespaces", namespace),
        (
            "containers.delete"
            | "images.delete"
            | "leases.delete"
            | "leases.add_resource"
            | "leases.delete_resource"
            | "sandboxes.delete"
            | "events.publish"
            | "events.forward"
            | "namespaces.update"
            | "namespaces.delete",
            [],
        ) => Some(json!({})),
        ("containers.get" | "containers.create" | "containers.update", [record]) => {
            Some(json!({"container": container(record)?}))
        }
        ("images.get" | "images.create" | "images.update", [record]) => Some(json!({"image": image(record)?})),
        ("leases.create", [record]) => Some(json!({"lease": lease(record)?})),
        ("sandboxes.get" | "sandboxes.create" | "sandboxes.update", [record]) => {
            Some(json!({"sandbox": sandbox(record)?}))
        }
        ("namespaces.get" | "namespaces.create", [record]) => Some(json!({"namespace": namespace(record)?})),
        _ => None,
    }
}

fn container(record: &[u8]) -> Option<Value> {
    model::<Container>(record).map(|record| value::container(&record))
}

fn image(record: &[u8]) -> Option<Value> {
    model::<Image>(record).map(|record| value::image(&record))
}

fn lease(record: &[u8]) -> Option<Value> {
    model::<Lease>(record).map(|record| value::lease(&record))
}

fn lease_resource(kind: &[u8], id: &[u8]) -> Option<Value> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let resource = LeaseResource { id: text(id)?, kind: text(kind)?, ..LeaseResource::default() };
    Some(value::lease_resource(&resource))
}

fn sandbox(record: &[u8]) -> Option<Value> {
    model::<Sandbox>(record).map(|record| value::sandbox(&record))
}

fn namespace(record: &[u8]) -> Option<Value> {
    model::<Namespace>(record).map(|record| value::namespace(&record))
}

fn model<T: DeserializeOwned>(record: &[u8]) -> Option<T> {
    serde_json::from_slice(record).ok()
}

/// A line of this first word and these values.
pub(crate) fn line(first: &str, words: &[Word]) -> String {
    let mut out = first.to_owned();
    for word in words {
        out.push(' ');
        match word {
            None => out.push('-'),
            Some(bytes) => {
                out.push('=');
                out.extend(
                    bytes
                        .iter()
                        .flat_map(|byte| [byte >> 4, byte & 15])
                        .map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or_default()),
                );
            }
        }
    }
    out
}

/// The value of a word; none if it is not a word.
pub(crate) fn parse_word(word: &str) -> Option<Word> {
    if word == "-" {
        return Some(None);
    }
    let digits = word.strip_prefix('=')?.as_bytes();
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect::<Option<_>>().map(Some)
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(300).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize as _;

    fn step(op: &str, namespace: Value, request: Value) -> Step {
        Step::deserialize(json!({"op": op, "namespace": namespace, "request": request, "expect": {}})).unwrap()
    }

    #[test]
    fn words_are_read_as_they_were_written() {
        for word in [None, Some(Vec::new()), Some(b"\0\xff a\n".to_vec())] {
            let line = line("x", std::slice::from_ref(&word));
            assert_eq!(parse_word(line.strip_prefix("x ").unwrap()), Some(word));
        }
        assert_eq!(line("reset", &[]), "reset");
        for nonsense in ["", "61", "=6", "=6G", "=AB", "--"] {
            assert_eq!(parse_word(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn requests_are_lines() {
        let absent = step("containers.get", json!(null), json!({"id": "a"}));
        assert_eq!(request(&absent).unwrap().unwrap(), "containers.get - =61");
        let twice = step("containers.list_stream", json!(["n", "m"]), json!({"filters": ["a", ""]}));
        assert_eq!(request(&twice).unwrap().unwrap(), "containers.list =6e =61 =");
        let elsewhere = step("namespaces.list", json!("ctl"), json!({}));
        assert_eq!(request(&elsewhere).unwrap().unwrap(), "namespaces.list");
        let image = json!({"image": {"name": "i"}, "source_date_epoch": "2020-01-01T00:00:00Z"});
        let words = request(&step("images.create", json!("n"), image)).unwrap().unwrap();
        let words: Vec<_> = words.split(' ').collect();
        assert_eq!((words.len(), words[0], words[1], words[3]), (5, "images.create", "=6e", "-"));
        assert_eq!(parse_word(words[4]), Some(Some(b"2020-01-01T00:00:00Z".to_vec())));
        let deleted = step("leases.delete", json!("n"), json!({"id": "l", "sync": true}));
        assert_eq!(request(&deleted).unwrap().unwrap(), "leases.delete =6e =6c =74727565");
        assert_eq!(request(&step("containers.boil", json!(null), json!({}))).unwrap(), None);
    }

    #[test]
    fn replies_that_the_step_cannot_have_are_nonsense() {
        let get = step("namespaces.get", json!(null), json!({"name": "a"}));
        let record = line("ok", &[Some(br#"{"name":"a"}"#.to_vec())]);
        assert_eq!(answer(&get, &record), Some(Answer::Ok(json!({"namespace": {"name": "a"}}))));
        assert!(matches!(answer(&get, "unsupported"), Some(Answer::Unsupported(_))));
        assert!(matches!(answer(&get, "error not_found =61"), Some(Answer::Refused { .. })));
        let other_member = line("ok", &[Some(br#"{"name":"a","x":1}"#.to_vec())]);
        for nonsense in [
            "",
            "ok",
            "ok =61",
            "ok -",
            &other_member,
            "OK",
            "error",
            "error not_found",
            "error lost =61",
            "error not_found -",
            "error not_found =61 =61",
            "unsupported here",
        ] {
            assert_eq!(answer(&get, nonsense), None, "{nonsense}");
        }
    }
}
