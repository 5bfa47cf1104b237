//! The thread that owns a model's session: it joins the texts of all requests that wait into batches.

use std::{
    collections::HashMap,
    io,
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{self, JoinHandle},
    time::Instant,
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::session::Graph;
use crate::llm_integration::inference::{
    metrics::Measures,
    model::{Batch, BatchSize, Batches, Input},
};

/// One row an input, in their order; or why there is none.
pub type Outcome = Result<Vec<Vec<f32>>, String>;

/// What one request wants of a model.
#[derive(Debug)]
pub struct Work {
    pub inputs: Vec<Input>,
    pub reply: oneshot::Sender<Outcome>,
    /// The room it takes up among what waits.
    pub room: OwnedSemaphorePermit,
    pub since: Instant,
}

/// A thread with a session. It ends when this is dropped and all that was sent is done.
#[derive(Debug)]
pub struct Worker {
    sender: SyncSender<Work>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// `most_waiting` requests find room.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        graph: Graph,
        size: BatchSize,
        most_waiting: usize,
        measures: Measures,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(most_waiting);
        let bench = Bench {
            graph,
            batches: Batches::new(size),
            requests: HashMap::new(),
            next: 0,
            measures,
        };
        let thread = thread::Builder::new()
            .name("inference".to_owned())
            .spawn(move || bench.run(&receiver))?;
        Ok(Self { sender, thread })
    }

    pub fn sender(&self) -> SyncSender<Work> {
        self.sender.clone()
    }

    /// False when its thread has panicked.
    pub fn is_alive(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Waits until all that was sent is done. Not for an async thread.
    pub fn finish(self) {
        let Self { sender, thread } = self;
        drop(sender);
        if thread.join().is_err() {
            tracing::error!("the thread of a model panicked");
        }
    }
}

/// Gives work to a model's thread.
///
/// # Errors
/// Gives it back when there is no room, or no thread.
pub fn send(sender: &SyncSender<Work>, work: Work) -> Result<(), Box<TrySendError<Work>>> {
    sender.try_send(work).map_err(Box::new)
}

/// What the thread works on.
struct Bench {
    graph: Graph,
    batches: Batches,
    requests: HashMap<u64, Begun>,
    next: u64,
    measures: Measures,
}

/// A request that is being worked on.
struct Begun {
    rows: Vec<Vec<f32>>,
    left: usize,
    reply: oneshot::Sender<Outcome>,
    _room: OwnedSemaphorePermit,
}

impl Bench {
    fn run(mut self, receiver: &Receiver<Work>) {
        loop {
            if self.batches.is_empty() {
                // Nothing waits: sleep until something does, or nobody can send any more.
                match receiver.recv() {
                    Ok(work) => self.begin(work),
                    Err(_) => return,
                }
            }
            while let Ok(work) = receiver.try_recv() {
                self.begin(work);
            }
            self.forget_who_left();
            if let Some(batch) = self.batches.next() {
                self.work_on(&batch);
            }
        }
    }

    fn begin(&mut self, work: Work) {
        let Work {
            inputs,
            reply,
            room,
            since,
        } = work;
        self.measures.waited(since.elapsed());
        if inputs.is_empty() {
            // Nobody waits who has left.
            let _left = reply.send(Ok(Vec::new()));
            return;
        }
        let begun = Begun {
            rows: vec![Vec::new(); inputs.len()],
            left: inputs.len(),
            reply,
            _room: room,
        };
        self.requests.insert(self.next, begun);
        self.batches.push(self.next, inputs);
        self.next += 1;
    }

    /// Whoever waits no longer is worked for no longer.
    fn forget_who_left(&mut self) {
        let batches = &mut self.batches;
        self.requests.retain(|request, begun| {
            let waits = !begun.reply.is_closed();
            if !waits {
                batches.remove(*request);
            }
            waits
        });
    }

    fn work_on(&mut self, batch: &Batch) {
        let began = Instant::now();
        let rows = self.graph.run(batch);
        self.measures.ran(batch, began.elapsed());
        match rows {
            Ok(rows) => {
                for (part, row) in batch.parts.iter().zip(rows) {
                    self.deliver(part.request, part.index, row);
                }
            }
            Err(error) => {
                for part in &batch.parts {
                    if let Some(begun) = self.requests.remove(&part.request) {
                        self.batches.remove(part.request);
                        // Nobody waits who has left.
                        let _left = begun.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    fn deliver(&mut self, request: u64, index: usize, row: Vec<f32>) {
        let Some(begun) = self.requests.get_mut(&request) else {
            return;
        };
        if let Some(slot) = begun.rows.get_mut(index) {
            *slot = row;
        }
        begun.left -= 1;
        if begun.left == 0
            && let Some(Begun { rows, reply, .. }) = self.requests.remove(&request)
        {
            // Nobody waits who has left.
            let _left = reply.send(Ok(rows));
        }
    }
}
