//! Our side of `scripts/bench-embeddings`: embeds a file of texts once for each line that it reads, and answers with seconds.

use std::{
    error::Error,
    fs,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use kaname::{
    llm_integration::inference::{Inference, InferenceSettings, Purpose},
    platform::config::Environment,
    roles::Settings,
};

/// What it is started with: a JSON list of texts, the folder of models, and how many threads a model has.
struct Arguments {
    texts: PathBuf,
    models: PathBuf,
    threads: usize,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    // cargo bench adds `--bench`.
    let given: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let [texts, models, threads] = given.as_slice() else {
        return Err(
            "usage: embeddings TEXTS.json MODELS THREADS; see scripts/bench-embeddings".into(),
        );
    };
    Ok(Arguments {
        texts: texts.into(),
        models: models.into(),
        threads: threads.parse()?,
    })
}

fn settings(arguments: &Arguments) -> Result<InferenceSettings, Box<dyn Error>> {
    let settings = Settings::load(None, &Environment::default())?;
    Ok(InferenceSettings {
        models: arguments.models.display().to_string(),
        ..settings.inference
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments()?;
    let texts: Vec<String> = serde_json::from_slice(&fs::read(&arguments.texts)?)?;
    let settings = settings(&arguments)?;
    let inference = Inference::new(&settings, Path::new("."), arguments.threads);
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        line?;
        let (began, texts) = (Instant::now(), texts.clone());
        let embedded = inference.embed(None, texts, Purpose::Passage).await?;
        writeln!(out, "{} {}", began.elapsed().as_secs_f64(), embedded.tokens)?;
        out.flush()?;
    }
    Ok(())
}
