//! `stowbook serve` as a process: its socket, its signals, its refusals.

#![cfg(all(unix, feature = "serve"))]
#![allow(clippy::unwrap_used)]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to begin or to end: much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn serve(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    command.arg("serve").args(arguments).current_dir(folder).env_remove("STOWBOOK_DB").env("XDG_RUNTIME_DIR", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(folder: &Path, socket: &str, arguments: &[&str]) -> Child {
    let child = serve(folder, arguments).spawn().unwrap();
    wait_until("the start", || UnixStream::connect(folder.join(socket)).is_ok());
    child
}

fn stop(child: Child, signal: &str) -> Output {
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    child.wait_with_output().unwrap()
}

#[test]
fn a_server_begins_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    for (signal, mode, arguments) in [
        ("-TERM", 0o600, &["--memory", "--address", "unix://s"][..]),
        ("-INT", 0o660, &["--db", "book.redb", "--address", "s", "--socket-mode", "660"]),
    ] {
        let child = start(folder.path(), "s", arguments);
        let found = std::fs::metadata(folder.path().join("s")).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode);
        let output = stop(child, signal);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "stowbook: serving on unix://s\nstowbook: stopping\n");
        assert!(!folder.path().join("s").exists());
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["book.redb"]);
}

#[test]
fn the_default_socket_lies_in_the_runtime_directory() {
    let folder = tempfile::tempdir().unwrap();
    let child = start(folder.path(), "stowbook/stowbook.sock", &["--memory", "--log-level", "off"]);
    let mode = std::fs::metadata(folder.path().join("stowbook")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let output = stop(child, "-TERM");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_live_socket_is_not_replaced_and_a_dead_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--memory", "--address", "s"];
    let mut first = start(folder.path(), "s", &arguments);
    let second = serve(folder.path(), &arguments).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("cannot listen on s: a server answers there: already exists"), "{said}");
    assert!(UnixStream::connect(folder.path().join("s")).is_ok());

    // Killed, it leaves its socket behind.
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(folder.path().join("s").exists());
    let third = start(folder.path(), "s", &arguments);
    assert!(stop(third, "-TERM").status.success());

    std::fs::write(folder.path().join("s"), "precious").unwrap();
    let fourth = serve(folder.path(), &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&fourth.stderr);
    assert!(!fourth.status.success() && said.contains("it is a file and no socket: already exists"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.path().join("s")).unwrap(), "precious");
}

#[test]
fn a_book_that_is_served_is_not_opened_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let child = start(folder.path(), "s", &["--db", "book.redb", "--address", "s"]);
    let mut other = Command::new(env!("CARGO_BIN_EXE_stowbook"));
    other.args(["--db", "book.redb", "--lock-timeout", "0", "ns", "ls"]).current_dir(folder.path());
    let output = other.output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unavailable"), "{output:?}");
    assert!(stop(child, "-TERM").status.success());
    assert!(other.output().unwrap().status.success());
}

#[test]
fn readiness_is_told_to_systemd_and_metrics_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let manager = std::os::unix::net::UnixDatagram::bind(folder.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut buffer = [0; 64];
        let length = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["--memory", "--address", "s", "--metrics", &port.to_string()];
    let child = serve(folder.path(), &arguments).env("NOTIFY_SOCKET", folder.path().join("notify")).spawn().unwrap();
    assert_eq!(told(), "READY=1");
    assert!(UnixStream::connect(folder.path().join("s")).is_ok(), "ready is ready");

    use std::io::{Read as _, Write as _};
    let mut page = std::net::TcpStream::connect(port).unwrap();
    page.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    page.read_to_string(&mut text).unwrap();
    assert!(text.contains("# TYPE stowbook_calls_total counter"), "{text}");

    let output = stop(child, "-TERM");
    assert_eq!(told(), "STOPPING=1");
    assert!(output.status.success());
}

#[test]
fn a_socket_that_systemd_listens_on_is_served_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passed");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let mut shell = Command::new("sh");
    // systemd passes sockets from number 3 on.
    let script = r#"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" serve --memory --address unix://elsewhere 3<&0 </dev/null"#;
    shell.args(["-c", script, env!("CARGO_BIN_EXE_stowbook")]).current_dir(folder.path());
    shell.stdin(Stdio::from(std::os::fd::OwnedFd::from(listener))).stderr(Stdio::piped());
    let child = shell.spawn().unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    use std::io::{Read as _, Write as _};
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut header = [0; 9];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header[3], 4, "the server's settings");
    drop(stream);
    let output = stop(child, "-TERM");
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with(&format!("stowbook: serving on unix://{}", path.display())), "{said}");
    assert!(path.exists() && !folder.path().join("elsewhere").exists());
}
