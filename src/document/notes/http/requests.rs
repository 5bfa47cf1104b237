//! What callers send: parsed here, so that what goes in is valid.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    document::{
        DocumentId,
        notes::model::{NewNote, NoteKind},
    },
    kernel::{Cursor, Failure, PageLimit},
    platform::http::path_id,
};

/// A note to be written by a model.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteNote {
    kind: NoteKind,
    /// The documents that it is about: 1 to 20; a comparison takes at least two.
    documents: Vec<String>,
    title: Option<String>,
    /// Of a comparison: its rows. The model chooses where there are none.
    #[serde(default)]
    aspects: Vec<String>,
    /// What the writer shall keep in mind: for whom it is, what matters, in which language.
    wish: Option<String>,
    /// A model, `provider/model` or a route; `documents.answers.model` when absent.
    model: Option<String>,
}

impl WriteNote {
    pub fn parse(self) -> Result<NewNote, Failure> {
        let Self {
            kind,
            documents,
            title,
            aspects,
            wish,
            model,
        } = self;
        let mut ids: Vec<DocumentId> = Vec::new();
        for id in &documents {
            let id = path_id("document", id)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(NewNote {
            kind,
            title: title
                .unwrap_or_else(|| kind.title().to_owned())
                .trim()
                .to_owned(),
            documents: ids,
            aspects: aspects
                .iter()
                .map(|aspect| aspect.trim().to_owned())
                .collect(),
            wish: wish.map(|wish| wish.trim().to_owned()),
            model,
        })
    }
}

/// A version that a person writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditNote {
    pub markdown: String,
    /// The version that was edited; where it is no longer the latest, nothing is changed.
    pub base: Option<i32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListNotes {
    /// Only notes on this document.
    document: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    limit: Option<u32>,
}

type Window = (Option<Cursor>, PageLimit);

impl ListNotes {
    pub fn parse(self) -> Result<(Option<DocumentId>, Window), Failure> {
        let document = self
            .document
            .map(|id| path_id("document", &id))
            .transpose()?;
        let limit = PageLimit::parse(self.limit)?;
        Ok((document, (self.cursor.map(Cursor::from), limit)))
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListNoteVersions {
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
    limit: Option<u32>,
}

impl ListNoteVersions {
    pub fn parse(self) -> Result<Window, Failure> {
        Ok((self.cursor.map(Cursor::from), PageLimit::parse(self.limit)?))
    }
}
