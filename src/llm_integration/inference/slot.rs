//! One model: not in memory until somebody asks it, and not any more when nobody has for a while.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{SyncSender, TrySendError},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex as AsyncMutex, OnceCell, OwnedSemaphorePermit, Semaphore, oneshot},
    task,
};

use super::{
    InferenceError, InferenceSettings, ModelInfo, ModelState, WhenFull,
    folder::fingerprint,
    metrics::{self, Measures},
    model::{BatchSize, Input, ModelSpec},
    runtime::{self, Device, Encoder, Library, Loaded, SessionSettings, Work, Worker, send},
};

/// How long a model that could not be loaded is left alone.
const RETRY_LOADING: Duration = Duration::from_secs(10);
/// Requests that wait for one model.
const MAX_REQUESTS: usize = 4_096;
/// Tokens of a batch on a processor: what its caches hold of all layers' numbers.
const CPU_BATCH: BatchSize = BatchSize {
    most: 1_024,
    enough: 128,
};
/// Tokens of a batch on a GPU, which smaller ones leave idle.
const CUDA_BATCH: BatchSize = BatchSize {
    most: 16_384,
    enough: 8_192,
};

/// What all models are run with.
#[derive(Debug)]
pub(super) struct Workshop {
    pub library: Library,
    pub sessions: SessionSettings,
}

/// A model of this process.
#[derive(Debug)]
pub(super) struct Slot {
    pub spec: Arc<ModelSpec>,
    workshop: Arc<Workshop>,
    info: OnceCell<Arc<ModelInfo>>,
    /// In tokens that wait.
    room: Arc<Semaphore>,
    loaded: AsyncMutex<Option<InMemory>>,
    seen: Mutex<Seen>,
}

/// A model in memory.
#[derive(Debug)]
struct InMemory {
    encoder: Arc<Encoder>,
    worker: Worker,
    asked: Instant,
}

/// What is known of a model without asking it.
#[derive(Debug, Default)]
struct Seen {
    device: Option<Device>,
    /// Why it could not be loaded, and when that was.
    failed: Option<(InferenceError, Instant)>,
    /// Why it is not on the GPU.
    fallback: Option<String>,
}

/// A loaded model, for one request.
pub(super) struct Opened {
    pub encoder: Arc<Encoder>,
    sender: SyncSender<Work>,
}

impl Slot {
    pub fn new(spec: ModelSpec, workshop: Arc<Workshop>) -> Self {
        let room = workshop.sessions.inference.max_waiting_tokens;
        Self {
            spec: Arc::new(spec),
            workshop,
            info: OnceCell::new(),
            room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))),
            loaded: AsyncMutex::default(),
            seen: Mutex::default(),
        }
    }

    fn settings(&self) -> &InferenceSettings {
        &self.workshop.sessions.inference
    }

    /// What others know of it. Reads its files the first time.
    pub async fn info(&self) -> Result<Arc<ModelInfo>, InferenceError> {
        let make = || async {
            let spec = self.spec.clone();
            let made = task::spawn_blocking(move || fingerprint(&spec)).await;
            let fingerprint = match made {
                Ok(Ok(fingerprint)) => fingerprint,
                Ok(Err(error)) => return Err(self.broken(error.to_string())),
                Err(error) => return Err(self.broken(error.to_string())),
            };
            Ok(Arc::new(ModelInfo {
                name: self.spec.name.clone(),
                kind: self.spec.kind(),
                dimension: self.spec.dimension(),
                max_tokens: self.spec.max_tokens,
                fingerprint,
            }))
        };
        self.info.get_or_try_init(make).await.cloned()
    }

    /// The model in memory; loads it if it is not there.
    pub async fn open(&self) -> Result<Opened, InferenceError> {
        let mut loaded = self.loaded.lock().await;
        if loaded
            .as_ref()
            .is_some_and(|model| !model.worker.is_alive())
        {
            *loaded = None;
            self.seen().device = None;
        }
        let model = match loaded.as_mut() {
            Some(model) => model,
            None => loaded.insert(self.load().await?),
        };
        model.asked = Instant::now();
        Ok(Opened {
            encoder: model.encoder.clone(),
            sender: model.worker.sender(),
        })
    }

    async fn load(&self) -> Result<InMemory, InferenceError> {
        if let Some((error, since)) = &self.seen().failed
            && since.elapsed() < RETRY_LOADING
        {
            return Err(error.clone());
        }
        let (spec, workshop) = (self.spec.clone(), self.workshop.clone());
        let made = task::spawn_blocking(move || load(&spec, &workshop)).await;
        let made = made.unwrap_or_else(|error| Err(self.broken(error.to_string())));
        let mut seen = self.seen();
        match made {
            Ok((model, device, fallback)) => {
                let since = self.settings().unload_after();
                tracing::info!(model = %self.spec.name, %device, idle_limit = ?since, "a model was loaded");
                if let Some(why) = &fallback {
                    tracing::warn!(model = %self.spec.name, why, "the GPU can not be used; the model runs on the CPU");
                }
                *seen = Seen {
                    device: Some(device),
                    failed: None,
                    fallback,
                };
                Ok(model)
            }
            Err(error) => {
                tracing::error!(model = %self.spec.name, %error, "a model could not be loaded");
                seen.failed = Some((error.clone(), Instant::now()));
                Err(error)
            }
        }
    }

    /// Takes a model out of memory that nobody has asked for `idle`; `None` = in any case. What it was given is done.
    pub async fn unload(&self, idle: Option<Duration>) {
        let mut loaded = self.loaded.lock().await;
        let is_idle = |model: &mut InMemory| {
            let is_asked = self.waiting() > 0;
            idle.is_none_or(|idle| model.asked.elapsed() >= idle && !is_asked)
        };
        let Some(model) = loaded.take_if(is_idle) else {
            return;
        };
        self.seen().device = None;
        let InMemory { worker, .. } = model;
        if let Err(error) = task::spawn_blocking(|| worker.finish()).await {
            tracing::error!(%error, "a model's thread could not be waited for");
        }
        tracing::info!(model = %self.spec.name, "a model was unloaded");
    }

    /// Room for this many tokens among those that wait.
    pub async fn room(
        &self,
        tokens: u64,
        when_full: WhenFull,
    ) -> Result<OwnedSemaphorePermit, InferenceError> {
        let most = self.settings().max_waiting_tokens;
        // A request that is larger than the whole room takes all of it.
        let tokens = usize::try_from(tokens).unwrap_or(most).clamp(1, most);
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        let room = self.room.clone();
        let found = match when_full {
            WhenFull::Wait => room.acquire_many_owned(tokens).await.ok(),
            WhenFull::Refuse => room.try_acquire_many_owned(tokens).ok(),
        };
        found.ok_or_else(|| self.overloaded())
    }

    /// Tokens that wait or are being worked on.
    pub fn waiting(&self) -> usize {
        let all = self.settings().max_waiting_tokens;
        all.saturating_sub(self.room.available_permits())
    }

    /// One row an input.
    pub async fn run(
        &self,
        opened: Opened,
        inputs: Vec<Input>,
        room: OwnedSemaphorePermit,
    ) -> Result<Vec<Vec<f32>>, InferenceError> {
        let (reply, answer) = oneshot::channel();
        let work = Work {
            inputs,
            reply,
            room,
            since: Instant::now(),
        };
        match send(&opened.sender, work) {
            Ok(()) => {}
            Err(error) if matches!(*error, TrySendError::Full(_)) => return Err(self.overloaded()),
            Err(_) => return Err(self.failed("its thread has ended")),
        }
        drop(opened);
        match answer.await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(why)) => Err(self.failed(&why)),
            Err(_) => Err(self.failed("its thread has ended")),
        }
    }

    pub fn state(&self) -> ModelState {
        ModelState {
            name: self.spec.name.clone(),
            kind: self.spec.kind(),
            device: self.seen().device.map(|device| device.to_string()),
        }
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<String> {
        let seen = self.seen();
        let fallback = seen.fallback.as_ref().filter(|_| seen.device.is_some());
        let failed = seen.failed.as_ref().map(|(error, _)| error.to_string());
        failed.or_else(|| {
            let name = &self.spec.name;
            fallback
                .map(|why| format!("`{name}` runs on the CPU, as the GPU can not be used: {why}"))
        })
    }

    pub fn broken(&self, why: String) -> InferenceError {
        InferenceError::Broken {
            model: self.spec.name.to_string(),
            why,
        }
    }

    pub fn failed(&self, why: &str) -> InferenceError {
        metrics::refused(&self.spec.name, "failed");
        InferenceError::Failed {
            model: self.spec.name.to_string(),
            why: why.to_owned(),
        }
    }

    fn overloaded(&self) -> InferenceError {
        metrics::refused(&self.spec.name, "overloaded");
        InferenceError::Overloaded {
            model: self.spec.name.to_string(),
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads a model: seconds for a large one.
fn load(
    spec: &ModelSpec,
    workshop: &Workshop,
) -> Result<(InMemory, Device, Option<String>), InferenceError> {
    let began = Instant::now();
    let broken = |why: String| InferenceError::Broken {
        model: spec.name.to_string(),
        why,
    };
    let environment = workshop.library.environment();
    let environment = environment.map_err(|what| InferenceError::Missing { what })?;
    let encoder = Encoder::load(spec).map_err(broken)?;
    let Loaded {
        graph,
        device,
        fallback,
    } = runtime::load(&environment, spec, &workshop.sessions).map_err(broken)?;
    let of_device = match device {
        Device::Cpu => CPU_BATCH,
        Device::Cuda(_) => CUDA_BATCH,
    };
    let size = match workshop.sessions.inference.batch_tokens {
        0 => of_device,
        most => BatchSize {
            most,
            enough: of_device.enough.min(most),
        },
    };
    let measures = Measures::new(&spec.name, &device.to_string());
    let worker = Worker::start(graph, size, MAX_REQUESTS, measures);
    let worker = worker.map_err(|error| broken(format!("it gets no thread: {error}")))?;
    metrics::loaded(&spec.name, began.elapsed());
    let model = InMemory {
        encoder: Arc::new(encoder),
        worker,
        asked: Instant::now(),
    };
    Ok((model, device, fallback))
}
