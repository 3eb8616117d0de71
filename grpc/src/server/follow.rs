//! Wakes those who follow the event log: one thread waits for all of them.

use super::{PATIENCE, Shared};
use stowbook::Since;

/// Tells of each change of the log, until the server is to stop.
pub(super) fn follow(shared: &Shared) {
    let mut followed = None;
    while !*shared.stopping.borrow() {
        let subscription = match &mut followed {
            Some(subscription) => subscription,
            None => match shared.store.events().subscribe(Since::Now, &[""]) {
                Ok(subscription) => {
                    // Of what came before, nobody was told.
                    shared.changes.send_replace(());
                    followed.insert(subscription)
                }
                Err(error) => {
                    shared.log.error(format_args!("cannot follow the events: {error}"));
                    std::thread::sleep(PATIENCE);
                    continue;
                }
            },
        };
        match subscription.next(Some(PATIENCE)) {
            Ok(None) => {}
            Ok(Some(_)) => {
                // Once for all that there are.
                while let Ok(Some(_)) = subscription.try_next() {}
                shared.changes.send_replace(());
            }
            Err(error) => {
                // Too far behind, or a damaged log: those who follow it find out themselves.
                shared.log.error(format_args!("cannot follow the events: {error}"));
                followed = None;
                std::thread::sleep(PATIENCE);
            }
        }
    }
}
