//! The search index of a project's documents: words ranked by BM25, vectors by nearness, both put together.
//!
//! It promises: both databases rank alike, by statistics of the project alone; a document is found all at once when it is
//! complete, and not at all from the commit on that deletes it; without an embedding model words are found all the
//! same, and the answer says so; how an index is made changes only when labelled queries show that it does not lose.

mod analysis;
mod analyzer;
mod contexts;
mod error;
mod http;
mod jobs;
mod lexical;
mod model;
mod query;
mod schema;
mod service;
mod settings;
mod store;
mod vectors;

pub use error::SearchError;
pub use http::routes;
pub use jobs::{forget, put_again};
pub use model::{
    Comparison, LabelledQuery, LabelledQueryId, Measures, QueryResult, Relevant, Report, RunId,
    SearchRun,
};
pub use model::{
    ContextWriter, Diversity, Explained, Facet, FacetValue, Found, FoundVectors, Hit, IndexNumber,
    IndexSettings, IndexTarget, LIMIT_MAX, LexicalPart, Mode, OFFSET_MAX, Place, RERANK_MAX,
    RankingSettings, RequestError, SearchFilter, SearchRequest, SearchSetup, Took, VectorModel,
    VectorPart, Years,
};
pub use query::{InvalidQuery, QUERY_MAX_CHARS, Words};
pub use service::{NewLabelledQuery, QUERIES_MAX, SearchIndex, SearchParts, Writer};
pub use settings::SearchSettings;
pub(super) use store::found_versions;
pub use store::{Setting, SettingState};
