//! What tells two models apart, whatever their folders are called.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

use serde::Serialize;

use crate::llm_integration::inference::model::{ModelSpec, Task};

/// Hexadecimal digits of a fingerprint: 128 bits.
const DIGITS: usize = 32;

/// The settings that decide what a model makes of a text.
#[derive(Serialize)]
struct Settings<'a> {
    max_tokens: usize,
    task: &'a Task,
}

/// Of the graph with its outlying weights, the tokenizer and the settings. Reads all of them: not for an async thread.
///
/// # Errors
/// When a file can not be read.
pub fn fingerprint(spec: &ModelSpec) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for path in weights(spec)?.iter().chain([&spec.tokenizer]) {
        let file = File::open(path)?;
        hasher.update(&file.metadata()?.len().to_le_bytes());
        hasher.update_reader(file)?;
    }
    let settings = Settings {
        max_tokens: spec.max_tokens,
        task: &spec.task,
    };
    hasher.update(&serde_json::to_vec(&settings)?);
    let mut digits = hasher.finalize().to_hex().to_string();
    digits.truncate(DIGITS);
    Ok(digits)
}

/// The graph, and the files named after it that hold weights: `model.onnx_data` and the like.
fn weights(spec: &ModelSpec) -> io::Result<Vec<PathBuf>> {
    let graph = spec.graph.file_name().unwrap_or_default().to_string_lossy();
    let mut files = Vec::new();
    for entry in fs::read_dir(spec.graph.parent().unwrap_or(&spec.folder))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(graph.as_ref()) {
            files.push(path.clone());
        }
    }
    files.sort();
    Ok(files)
}
