//! The shared library of ONNX Runtime: loaded once a process, when a model is first needed.

use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use ort::{environment::Environment, logging::LogLevel};

/// What was loaded. ONNX Runtime allows one environment a process, so it is kept to the process's end.
static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// Where ONNX Runtime is.
#[derive(Clone, Debug)]
pub struct Library(PathBuf);

impl Library {
    pub const fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// # Errors
    /// When there is no such file: what is missing, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if self.0.is_file() {
            return Ok(());
        }
        Err(format!(
            "ONNX Runtime is not at {}; `scripts/model` gets it, or set `inference.onnxruntime` to the path \
             of a libonnxruntime.so of version 1.24 or newer",
            self.0.display()
        ))
    }

    /// The environment that sessions are made in. Loads the library the first time: not for an async thread.
    ///
    /// # Errors
    /// Says why the library is none that can be used.
    pub fn environment(&self) -> Result<Environment, String> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = loaded.as_ref() {
            return Ok(environment.clone());
        }
        self.check()?;
        let unusable = |error: &dyn std::fmt::Display| {
            let path = self.0.display();
            format!("ONNX Runtime at {path} can not be used: {error}")
        };
        // ONNX Runtime looks for its provider of CUDA beside the file itself, not beside a link to it.
        let file = fs::canonicalize(&self.0).map_err(|error| unusable(&error))?;
        let builder = ort::init_from(&file).map_err(|error| unusable(&error))?;
        let environment = builder
            .with_name("kaname")
            .with_telemetry(false)
            .build()
            .map_err(|error| unusable(&error))?;
        environment.set_log_level(LogLevel::Warning);
        *loaded = Some(environment.clone());
        Ok(environment)
    }
}
