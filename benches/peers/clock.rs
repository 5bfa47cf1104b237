//! Waits to within tens of microseconds: tokio's own timer ticks in milliseconds, more than what is measured.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

/// Alarms that the thread has not taken in yet; who sets one beyond it waits.
const QUEUE: usize = 4_096;

/// A thread that wakes who waits. Cheap to clone.
#[derive(Clone)]
pub struct Clock(SyncSender<Alarm>);

struct Alarm {
    at: Instant,
    wakes: oneshot::Sender<()>,
}

impl Clock {
    pub fn start() -> Self {
        let (sender, alarms) = mpsc::sync_channel(QUEUE);
        thread::spawn(move || ring(&alarms));
        Self(sender)
    }

    /// Returns at `at`, or at once when that is past.
    pub async fn until(&self, at: Instant) {
        let (wakes, woken) = oneshot::channel();
        if self.0.send(Alarm { at, wakes }).is_ok() {
            // The thread lives as long as this clock.
            let _rang = woken.await;
        }
    }

    pub async fn sleep(&self, time: Duration) {
        self.until(Instant::now() + time).await;
    }
}

fn ring(alarms: &Receiver<Alarm>) {
    let mut waiting: BinaryHeap<Reverse<Alarm>> = BinaryHeap::new();
    loop {
        let next = waiting.peek().map(|Reverse(alarm)| alarm.at);
        let came = match next {
            None => alarms.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => alarms.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match came {
            Ok(alarm) => waiting.push(Reverse(alarm)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Some(Reverse(alarm)) = waiting.peek()
            && alarm.at <= Instant::now()
        {
            // One who waits no longer has gone away.
            let _gone = waiting.pop().map(|Reverse(alarm)| alarm.wakes.send(()));
        }
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}
