//! Reads the form of an upload as it comes: small fields into memory, the file straight into the object store.

use actix_multipart::{Field, Multipart, MultipartError};
use futures::StreamExt;

use crate::{
    document::{DocumentError, Documents, FileName, ReceivedFile},
    kernel::{Actor, ErrorCode, Failure},
};

/// The field that carries the file.
const FILE: &str = "file";
/// Bytes of one field that is not the file.
const FIELD_MAX_BYTES: usize = 16 * 1024;
/// Fields of one form.
const FIELDS_MAX: usize = 1_000;

/// A form that was read to its end.
pub struct UploadForm {
    pub file: ReceivedFile,
    /// The other fields, in their order.
    pub fields: Vec<(String, String)>,
}

impl UploadForm {
    /// Whatever goes wrong, nothing of the file is left.
    pub async fn read(
        mut form: Multipart,
        documents: &Documents,
        actor: &Actor,
    ) -> Result<Self, Failure> {
        let (mut file, mut fields) = (None, Vec::new());
        while let Some(field) = form.next().await {
            let field = field.map_err(|error| broken(&error))?;
            let name = field.name().unwrap_or_default().to_owned();
            if name == FILE {
                if file.is_some() {
                    return Err(invalid(
                        "stands in the form more than once; upload one file at a time",
                    ));
                }
                let sent = field
                    .content_disposition()
                    .and_then(|sent| sent.get_filename());
                let called = FileName::of(sent.unwrap_or_default());
                file = Some(documents.receive(actor, called, field).await?);
            } else {
                fields.push((name, text(field).await?));
            }
            if fields.len() > FIELDS_MAX {
                let why = format!("has more than {FIELDS_MAX} fields");
                return Err(DocumentError::invalid("form", why).into());
            }
        }
        match file {
            Some(file) => Ok(Self { file, fields }),
            None => Err(invalid("is missing from the form")),
        }
    }
}

async fn text(mut field: Field) -> Result<String, Failure> {
    let name = field.name().unwrap_or_default().to_owned();
    let bytes = field.bytes(FIELD_MAX_BYTES).await;
    let bytes = bytes
        .map_err(|_| {
            let why = format!("has the field `{name}` with more than {FIELD_MAX_BYTES} bytes");
            DocumentError::invalid("form", why)
        })?
        .map_err(|error| broken(&error))?;
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        let why = format!("has the field `{name}`, which is not UTF-8");
        DocumentError::invalid("form", why).into()
    })
}

fn invalid(why: &str) -> Failure {
    DocumentError::invalid(FILE, why).into()
}

fn broken(error: &MultipartError) -> Failure {
    use MultipartError as E;
    if let E::ContentTypeMissing | E::ContentTypeParse | E::ContentTypeIncompatible = error {
        return Failure::new(
            ErrorCode::UnsupportedMediaType,
            "the body must be a form with the file: `Content-Type: multipart/form-data`",
        );
    }
    DocumentError::BrokenOff {
        why: error.to_string(),
    }
    .into()
}
