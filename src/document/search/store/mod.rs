//! Rows and queries of the index: the only files of it with SQL.

mod chunks;
mod contexts;
mod entries;
mod evaluation;
mod filter;
mod hits;
mod indexes;
mod postings;
mod settings;
mod spaces;
mod vectors;

pub use chunks::{NewChunk, Owner, Removable, delete_chunks, insert_chunks, removable};
pub use contexts::{
    Told, contexts, delete_contexts, delete_contexts_of_other_ways, documents_without_contexts,
    found_chunks, insert_contexts,
};
pub use entries::{
    Counted, Standing, abandoned, complete, found_versions, hide, missing, retitled,
    standing_entry, visible_entry,
};
pub use evaluation::{
    count_queries, delete_query, insert_queries, insert_run, known_documents, latest_run, queries,
    run, runs,
};
pub use filter::visible;
pub use hits::{Card, HitRow, cards, hits, parents};
pub use indexes::{
    IndexRow, create_index, delete_retired, empty_some, ensure_serving, every_index, index,
    indexes, lock_index, promote_index, retire_building, serving,
};
pub use postings::{append_postings, posting_lists, prefix_terms, remove_postings};
pub use settings::{
    Setting, SettingState, decide_setting, insert_setting, promoted, setting, settings,
};
pub use spaces::{SpaceRow, create_space, delete_space, promote_space, retire_space, spaces};
pub use vectors::{
    Search, Unread, delete_vectors, insert_vectors, nearest, nearest_of_all, unread,
    unread_of_entry, vector_numbers, vectors,
};
