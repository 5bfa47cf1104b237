//! The folders directly inside a folder.

use diesel::{dsl::count_star, prelude::*};

use super::name_range::{literal, prefix_end};
use crate::{
    kernel::ProjectId,
    platform::db::{Conn, DbError, each_backend},
    prompt::{model::FolderPath, schema::prompt_prompt as p},
};

/// A folder and how many prompts lie anywhere inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub path: FolderPath,
    pub prompts: i64,
}

/// Subfolders of `parent` (`None`: the root) after `after`, alphabetical. Jumps from folder to
/// folder along the index of names, so that its cost follows the folders and not the prompts.
pub fn folders(
    conn: &mut Conn,
    project: ProjectId,
    parent: Option<&FolderPath>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Folder>, DbError> {
    let prefix = parent.map(FolderPath::prefix).unwrap_or_default();
    let deeper = format!("{}%/%", literal(&prefix));
    let mut from = after.map_or_else(|| prefix.clone(), |after| prefix_end(&format!("{after}/")));
    let mut folders = Vec::new();
    for _ in 0..limit {
        let query = p::table
            .filter(p::project_id.eq(project))
            .filter(p::archived_at.is_null())
            .filter(p::name.ge(&from))
            .filter(p::name.like(&deeper).escape('\\'))
            .order(p::name)
            .select(p::name);
        let first: Option<String> = each_backend!(conn, |c| query.first(c).optional())?;
        let Some(path) = first.and_then(|name| FolderPath::child_of(parent, &name)) else {
            break;
        };
        let (start, end) = (path.prefix(), prefix_end(&path.prefix()));
        let query = p::table
            .filter(p::project_id.eq(project))
            .filter(p::archived_at.is_null())
            .filter(p::name.ge(start))
            .filter(p::name.lt(&end))
            .select(count_star());
        let prompts = each_backend!(conn, |c| query.first(c))?;
        folders.push(Folder { path, prompts });
        from = end;
    }
    Ok(folders)
}
