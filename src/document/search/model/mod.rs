//! What an index is, how it is made and asked, and what it answers. Pure.

mod evaluation;
mod filter;
mod found;
mod fusion;
mod index;
mod request;
mod settings;

pub use evaluation::{
    Comparison, GATE_QUERIES_MIN, LabelledQuery, LabelledQueryId, MARGIN, Measures, QueryResult,
    Relevant, Report, RunId, SearchRun, compare, measure, report,
};
pub use filter::{SearchFilter, Years};
pub use found::{
    Explained, Facet, FacetValue, Found, FoundVectors, Hit, LexicalPart, Place, Took, VectorPart,
};
pub use fusion::{diversify, fuse};
pub use index::{EntryId, IndexNumber, IndexState, IndexTarget, SpaceNumber};
pub use request::{
    Diversity, LIMIT_MAX, Mode, OFFSET_MAX, RERANK_MAX, RequestError, SearchRequest,
};
pub use settings::{
    ContextWriter, IndexSettings, InvalidSetup, RankingSettings, SearchSetup, VectorModel,
};
