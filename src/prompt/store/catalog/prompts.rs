//! One page of prompts by what they are.

use diesel::{dsl::exists, prelude::*, sql_types::Text};

use super::name_range::{literal, prefix_end};
use crate::{
    kernel::ProjectId,
    platform::db::{Conn, DbError, each_backend},
    prompt::{
        model::{FolderPath, Kind, Label, Prompt},
        schema::{prompt_label, prompt_prompt as p, prompt_tag},
        store::prompts::{PromptRow, with_labels_and_tags},
    },
};

/// Which prompts to list. Everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct CatalogFilter {
    /// Part of the name; upper and lower case of ASCII letters are the same.
    pub text: Option<String>,
    /// Anywhere inside this folder.
    pub folder: Option<FolderPath>,
    pub kind: Option<Kind>,
    pub label: Option<Label>,
    pub tag: Option<String>,
    /// Archived prompts instead of the others.
    pub archived: bool,
}

#[diesel::declare_sql_function]
extern "SQL" {
    /// ASCII letters only, on both engines: SQLite knows no others, and names have the collation C.
    fn lower(text: Text) -> Text;
}

/// Prompts after the name `after`, in the order of their names.
pub fn catalog(
    conn: &mut Conn,
    project: ProjectId,
    filter: &CatalogFilter,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Prompt>, DbError> {
    let rows = each_backend!(conn, |c| {
        let mut query = p::table.filter(p::project_id.eq(project)).into_boxed();
        query = if filter.archived {
            query.filter(p::archived_at.is_not_null())
        } else {
            query.filter(p::archived_at.is_null())
        };
        if let Some(text) = &filter.text {
            let pattern = format!("%{}%", literal(&text.to_ascii_lowercase()));
            query = query.filter(lower(p::name).like(pattern).escape('\\'));
        }
        if let Some(folder) = &filter.folder {
            let prefix = folder.prefix();
            query = query
                .filter(p::name.lt(prefix_end(&prefix)))
                .filter(p::name.ge(prefix));
        }
        if let Some(kind) = filter.kind {
            query = query.filter(p::kind.eq(kind.name()));
        }
        // Every prompt has a latest version, so that label filters nothing.
        if let Some(label) = filter.label.as_ref().filter(|label| !label.is_latest()) {
            let labels = prompt_label::table.filter(prompt_label::prompt_id.eq(p::id));
            query = query.filter(exists(
                labels.filter(prompt_label::label.eq(label.as_str())),
            ));
        }
        if let Some(tag) = &filter.tag {
            let tags = prompt_tag::table.filter(prompt_tag::prompt_id.eq(p::id));
            query = query.filter(exists(tags.filter(prompt_tag::tag.eq(tag))));
        }
        if let Some(after) = after {
            query = query.filter(p::name.gt(after));
        }
        query
            .order(p::name)
            .limit(limit)
            .select(PromptRow::as_select())
            .load(c)
    })?;
    with_labels_and_tags(conn, rows)
}
