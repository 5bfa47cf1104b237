//! Media: images, sound and files that inputs and outputs refer to.
//!
//! A sender announces what it has by its hash. What the project has already is only linked; anything
//! else is uploaded to a signed address of ours, which takes exactly what was announced, and is read
//! from another. Contents lie in the object store, once a project, for as long as something that
//! was traced, or an item of a dataset, refers to them.

mod content_type;
mod model;
mod schema;
mod service;
mod settings;
mod store;
mod ticket;
mod transfer;
mod upload;

pub use content_type::ContentType;
pub use model::{
    Announced, Media, MediaField, MediaId, MediaLink, MediaOwner, NewMedia, Sha256, UploadReport,
};
pub use service::MediaStore;
pub use settings::MediaSettings;
pub(super) use store::{delete_of_traces, unheard_traces};
pub use transfer::{Download, UploadHead};
