//! Where a model runs: the choice, and what became of it.

use std::fmt;

use ort::ep::{CUDA, ExecutionProvider};

use crate::llm_integration::inference::{DeviceChoice, InferenceSettings};

/// Where a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Cpu,
    /// The GPU of this number.
    Cuda(i32),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

/// Whether a GPU is to be tried. ONNX Runtime must be loaded.
pub(super) fn wanted(settings: &InferenceSettings) -> Result<Device, String> {
    let cuda = Device::Cuda(settings.cuda_device);
    match settings.device {
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Auto if !is_built_in() => Ok(Device::Cpu),
        DeviceChoice::Cuda if !is_built_in() => Err(
            "this libonnxruntime.so was built without CUDA; that of the package onnxruntime-gpu has it"
                .to_owned(),
        ),
        DeviceChoice::Auto | DeviceChoice::Cuda => Ok(cuda),
    }
}

/// CUDA as a session's first choice: when it fails, so does the session.
pub(super) fn cuda(settings: &InferenceSettings) -> ort::ep::ExecutionProviderDispatch {
    let provider = CUDA::default()
        .with_device_id(settings.cuda_device)
        // Rounding to 10 bits would show in the vectors.
        .with_tf32(false);
    let limit = settings.cuda_memory_bytes;
    let provider = if limit == 0 {
        provider
    } else {
        provider.with_memory_limit(limit)
    };
    provider.build().error_on_failure()
}

fn is_built_in() -> bool {
    CUDA::is_available().unwrap_or(false)
}
