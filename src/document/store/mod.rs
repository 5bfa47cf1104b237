//! Rows and queries of documents: the only files of this part with SQL.

mod catalog;
mod documents;
mod pages;
mod uploads;
mod versions;

pub use catalog::{CatalogFilter, CatalogOrder, CatalogPosition, SortBy, catalog};
pub use documents::{
    count_documents, delete, find, insert, lock_project, open, project_documents, save,
    unchanged_since,
};
pub use pages::{
    PageSummary, all_pages, copy_pages, delete_pages, insert_pages, page, pages, pages_of_source,
    pages_over, sources, summaries,
};
pub use uploads::{abandoned, begin_upload, end_upload};
pub use versions::{
    find_version, insert_version, latest_versions, open_version, save_version, stored_bytes,
    under_way, unshared_objects, version_page, versions_of, with_content,
};
