//! Rows and queries of prompts: the only files of this context with SQL.

mod catalog;
mod prompts;
mod protection;
mod usage;
mod versions;

pub use catalog::{
    CatalogFilter, Folder, MatchingPrompt, VersionFilter, catalog, folders, matching_versions,
};
pub use prompts::{Inserted, delete, find, insert_or_open, lock_project, open, save};
pub use protection::{ProtectedLabel, protect, protected, protected_among, unprotect};
pub use usage::{VersionUsage, add_fetches, usage};
pub use versions::{
    delete_version, find_version, insert_version, numbers, referrers, select, source, touch,
    touch_all, version_page,
};
