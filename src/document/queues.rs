//! The queues that work on documents waits in.

/// Reads documents.
pub const PROCESSING: &str = "document_processing";
/// Puts single documents into the index, and takes them out.
pub const INDEXING: &str = "indexing";
/// Goes through all documents of a project.
pub const WHOLE_PROJECTS: &str = "index_upkeep";
/// Asks models.
pub const GENERATION: &str = "llm_generation";
