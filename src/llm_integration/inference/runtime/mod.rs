//! ONNX Runtime and the tokenizer: a model in memory, on a thread of its own.

mod device;
mod encoder;
mod library;
mod session;
mod worker;

pub(super) use device::Device;
pub(super) use encoder::{Encoded, Encoder};
pub(super) use library::Library;
pub(super) use session::{Loaded, SessionSettings, load};
pub(super) use worker::{Work, Worker, send};
