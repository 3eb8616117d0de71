//! Many threads at one book: nobody is left behind.

use std::sync::atomic::{AtomicUsize, Ordering};
use stowbook::{Store, model::Container};

/// Writers who never pause, some with many small operations, some with few large ones.
#[test]
fn no_writer_starves() {
    const WRITERS: usize = 12;
    const GOAL: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("book.redb")).unwrap();
    let done: Vec<AtomicUsize> = (0..WRITERS).map(|_| AtomicUsize::new(0)).collect();
    // How far the others were when the first had reached the goal.
    let mut at_goal = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, done) = (&store, &done);
                scope.spawn(move || {
                    let records = if writer % 3 == 0 { 20 } else { 1 };
                    while done.iter().all(|others| others.load(Ordering::SeqCst) < GOAL) {
                        let round = done[writer].load(Ordering::SeqCst);
                        let written = store.write(|txn| {
                            for record in 0..records {
                                let id = format!("c{writer}-{round}-{record}");
                                txn.namespace("default").containers().create(&Container::new(id, "runc"))?;
                            }
                            Ok(())
                        });
                        written.unwrap();
                        done[writer].fetch_add(1, Ordering::SeqCst);
                    }
                    done.iter().map(|others| others.load(Ordering::SeqCst)).collect::<Vec<_>>()
                })
            })
            .collect();
        at_goal.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    });
    let seen = at_goal.iter().min().unwrap();
    let slowest = seen.iter().min().unwrap();
    assert!(slowest * 3 >= GOAL, "one writer had {slowest} turns when another had {GOAL}: {seen:?}");
}

/// A reader that holds a list open sees one state, and neither waits for writers nor makes them wait.
#[test]
fn readers_and_writers_do_not_wait_for_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("book.redb")).unwrap();
    let containers = store.namespace("default").containers();
    for n in 0..50 {
        containers.create(&Container::new(format!("old{n}"), "runc")).unwrap();
    }
    let mut seen = 0;
    containers
        .each(&[""], |container| {
            // From within the list: a write that waited for the reader would never return.
            containers.create(&Container::new(format!("new-{}", container.id), "runc"))?;
            containers.delete(&container.id)?;
            seen += 1;
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen, 50, "the state of the moment when the list began");
    let left = containers.list(&[""]).unwrap();
    assert_eq!(left.len(), 50);
    assert!(left.iter().all(|container| container.id.starts_with("new-old")));
}
