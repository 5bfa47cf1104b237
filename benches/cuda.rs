//! What `scripts/check-cuda` runs on a machine with a GPU: the same vectors as on the CPU, and how much faster. It fails when
//! the model did not run on the GPU, or when its vectors differ.

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use kaname::{
    llm_integration::inference::{DeviceChoice, Embedded, Inference, InferenceSettings, Purpose},
    platform::config::Environment,
    roles::Settings,
};

/// How far a number of a vector may be from the CPU's.
const TOLERANCE: f32 = 1e-4;
const ROUNDS: usize = 5;
const TEXTS: usize = 4_096;
const SENTENCE: &str = "The committee reviewed the proposal and asked for more evidence. ";

type Failed = Box<dyn Error>;

fn inference(device: DeviceChoice) -> Result<Inference, Failed> {
    let paths: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [models, library, ..] = paths.as_slice() else {
        return Err("usage: cuda MODELS LIBRARY; see scripts/check-cuda".into());
    };
    let settings = Settings::load(None, &Environment::default())?;
    let settings = InferenceSettings {
        models: models.display().to_string(),
        onnxruntime: library.display().to_string(),
        max_waiting_tokens: usize::MAX >> 8,
        device,
        ..settings.inference
    };
    let processors = std::thread::available_parallelism()?.get();
    Ok(Inference::new(&settings, Path::new("."), processors))
}

/// Texts of one sentence to a hundred.
fn texts() -> Vec<String> {
    (0..TEXTS)
        .map(|at| format!("{at} {}", SENTENCE.repeat(1 + at % 100)))
        .collect()
}

async fn embed(inference: &Inference, texts: &[String]) -> Result<Embedded, Failed> {
    Ok(inference
        .embed(None, texts.to_vec(), Purpose::Passage)
        .await?)
}

/// The shortest of some rounds.
async fn seconds(inference: &Inference, texts: &[String]) -> Result<f64, Failed> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        embed(inference, texts).await?;
        best = best.min(began.elapsed());
    }
    Ok(best.as_secs_f64())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let (cpu, gpu) = (
        inference(DeviceChoice::Cpu)?,
        inference(DeviceChoice::Cuda)?,
    );
    let texts = texts();
    let sample: Vec<String> = texts.iter().step_by(16).cloned().collect();
    let (expected, made) = (embed(&cpu, &sample).await?, embed(&gpu, &sample).await?);
    let state = gpu.state();
    println!("CPU: {}; GPU: {}", cpu.state().summary(), state.summary());
    if !state.summary().contains("cuda") {
        return Err(format!("it does not run on the GPU: {}", state.problems.join("; ")).into());
    }
    let pairs = expected
        .vectors
        .iter()
        .flatten()
        .zip(made.vectors.iter().flatten());
    let far = pairs
        .map(|(one, other)| (one - other).abs())
        .fold(0.0, f32::max);
    println!(
        "largest difference of a number in {} vectors: {far:e}",
        sample.len()
    );
    if far > TOLERANCE {
        return Err(format!("vectors differ by {far:e}; {TOLERANCE:e} is allowed").into());
    }
    #[expect(clippy::cast_precision_loss, reason = "a few thousand texts")]
    let (all, some) = (texts.len() as f64, sample.len() as f64);
    let slow = seconds(&cpu, &sample).await? * all / some;
    let quick = seconds(&gpu, &texts).await?;
    let rate = |seconds: f64| all / seconds;
    println!(
        "texts/s of {} tokens on average: CPU {:.0}, GPU {:.0}, {:.1} times as many",
        expected.tokens / sample.len() as u64,
        rate(slow),
        rate(quick),
        slow / quick
    );
    Ok(())
}
