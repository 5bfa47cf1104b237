//! One thread that starts all children of this process.
//!
//! A child asks the kernel to be killed when its parent ends, and the kernel takes the thread that started it for its
//! parent. So that thread must live as long as the process, which no thread of the runtime promises.

use std::{
    io,
    process::{Child, Command},
    sync::{
        OnceLock,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

/// Starts that wait for their turn; one takes about a millisecond.
const WAITING: usize = 64;

struct Start {
    command: Command,
    started: oneshot::Sender<io::Result<Child>>,
}

/// Starts a child that may ask to end with this process.
pub(super) async fn start(command: Command) -> io::Result<Child> {
    static STARTS: OnceLock<Option<SyncSender<Start>>> = OnceLock::new();
    let starts = STARTS
        .get_or_init(spawn_thread)
        .as_ref()
        .ok_or_else(ended)?;
    let (started, answer) = oneshot::channel();
    starts
        .try_send(Start { command, started })
        .map_err(|error| io::Error::other(error.to_string()))?;
    answer.await.map_err(|_| ended())?
}

fn spawn_thread() -> Option<SyncSender<Start>> {
    let (sender, receiver) = sync_channel::<Start>(WAITING);
    let run = move || {
        for Start {
            mut command,
            started,
        } in receiver
        {
            // Whoever no longer waits for a child has it killed: dropped, it would run on.
            if let Err(Ok(mut child)) = started.send(command.spawn())
                && child.kill().is_ok()
            {
                drop(child.wait());
            }
        }
    };
    thread::Builder::new()
        .name("sandbox".to_owned())
        .spawn(run)
        .is_ok()
        .then_some(sender)
}

fn ended() -> io::Error {
    io::Error::other("the thread that starts children is not there")
}
