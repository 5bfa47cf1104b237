//! Resolution against the database.

use crate::{
    platform::db::Conn,
    prompt::{
        PromptError,
        model::{Node, Prompt, Resolution, Source, Version, resolve},
        store,
    },
};

/// Replaces the references in `version` by what they stand for now.
pub fn resolve_version(
    conn: &mut Conn,
    prompt: &Prompt,
    version: &Version,
) -> Result<Resolution, PromptError> {
    let node = Node {
        id: version.id,
        name: prompt.name.clone(),
        version: version.number,
    };
    let root = Source {
        node,
        content: version.content.clone(),
    };
    resolve(root, |reference| {
        Ok(store::source(conn, prompt.project, reference)?)
    })
}
