//! What callers ask for.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    document::{
        DocumentId, Folder,
        chunking::ChunkKind,
        extraction::FileKind,
        search::{
            Diversity, Mode, RequestError, SearchError, SearchFilter, SearchRequest, Words, Years,
        },
    },
    kernel::Failure,
};

/// Values of one list in a filter.
const LIST_MAX: usize = 200;

/// A search.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchDocuments {
    /// Words. `"exact words"` have to be there, `-word` must not, `conf*` begins words.
    #[schema(example = "ファイル \"access control\" -windows")]
    query: String,
    /// Signs in `query` mean nothing: it is a question as somebody asked it.
    #[serde(default)]
    verbatim: bool,
    #[serde(default)]
    mode: ModeName,
    filter: Option<FilterBody>,
    /// Hits to skip, up to 1000.
    #[serde(default)]
    offset: usize,
    /// 1 to 100; 10 when absent.
    limit: Option<usize>,
    /// At most one hit of a document.
    #[serde(default)]
    one_per_document: bool,
    /// 0 to 1: how much a hit has to differ from those before it.
    diversity: Option<f32>,
    /// How many of the best a reranker reads again, 1 to 100.
    rerank: Option<usize>,
    /// Every vector is compared, although an index could leave most out.
    #[serde(default)]
    exact: bool,
    /// A hit says also what the larger chunk around it says.
    #[serde(default)]
    expand: bool,
    /// Counts the hits' documents by folder, kind, language, tag and year.
    #[serde(default)]
    facets: bool,
    /// Says of each hit why it stands where it does.
    #[serde(default)]
    explain: bool,
}

/// What is compared.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SearchMode)]
pub enum ModeName {
    Lexical,
    Vector,
    /// Both, where there are vectors; else words.
    #[default]
    Hybrid,
}

/// Which documents the search is about. Everything that is given must hold; of a list, one.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SearchFilter)]
pub struct FilterBody {
    documents: Vec<String>,
    /// In this folder, or in one inside it.
    folder: Option<String>,
    /// With every one of these.
    tags: Vec<String>,
    /// Of the file: `pdf`, `docx` and so on.
    kinds: Vec<String>,
    languages: Vec<String>,
    year_from: Option<i32>,
    year_to: Option<i32>,
    /// Part of an author's name.
    author: Option<String>,
    doi: Option<String>,
    /// Of the chunk: `text`, `table`, `code`, `reference`.
    #[schema(value_type = Vec<String>)]
    chunk_kinds: Vec<ChunkKind>,
}

/// A search in a query string.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    query: String,
    #[param(inline)]
    mode: Option<ModeName>,
    folder: Option<String>,
    /// Several with commas between.
    tags: Option<String>,
    kind: Option<String>,
    language: Option<String>,
    offset: Option<usize>,
    limit: Option<usize>,
    explain: Option<bool>,
}

impl SearchDocuments {
    pub fn parse(self) -> Result<SearchRequest, Failure> {
        let Self {
            query,
            verbatim,
            mode,
            filter,
            offset,
            limit,
            one_per_document,
            diversity,
            rerank,
            exact,
            expand,
            facets,
            explain,
        } = self;
        let words = if verbatim {
            Words::verbatim(&query)
        } else {
            Words::parse(&query)
        };
        let words = words.map_err(|error| SearchError::from(RequestError::from(error)))?;
        let diversity = diversity.map(Diversity::parse).transpose();
        Ok(SearchRequest {
            words,
            mode: mode.into(),
            filter: filter.unwrap_or_default().parse()?,
            offset,
            limit: limit.unwrap_or(SearchRequest::LIMIT),
            one_per_document,
            diversity: diversity.map_err(SearchError::from)?,
            rerank,
            exact,
            expand,
            facets,
            explain,
        })
    }
}

impl SearchQuery {
    pub fn parse(self) -> Result<SearchRequest, Failure> {
        let tags = self.tags.as_deref().unwrap_or_default().split(',');
        let tags = tags.map(str::trim).filter(|tag| !tag.is_empty());
        let filter = FilterBody {
            folder: self.folder,
            tags: tags.map(str::to_owned).collect(),
            kinds: self.kind.into_iter().collect(),
            languages: self.language.into_iter().collect(),
            ..FilterBody::default()
        };
        let words = Words::parse(&self.query);
        let words = words.map_err(|error| SearchError::from(RequestError::from(error)))?;
        Ok(SearchRequest {
            mode: self.mode.unwrap_or_default().into(),
            filter: filter.parse()?,
            offset: self.offset.unwrap_or_default(),
            limit: self.limit.unwrap_or(SearchRequest::LIMIT),
            explain: self.explain.unwrap_or_default(),
            ..SearchRequest::new(words)
        })
    }
}

impl From<ModeName> for Mode {
    fn from(name: ModeName) -> Self {
        match name {
            ModeName::Lexical => Self::Lexical,
            ModeName::Vector => Self::Vector,
            ModeName::Hybrid => Self::Hybrid,
        }
    }
}

impl FilterBody {
    fn parse(self) -> Result<SearchFilter, Failure> {
        let Self {
            documents,
            folder,
            tags,
            kinds,
            languages,
            year_from,
            year_to,
            author,
            doi,
            chunk_kinds,
        } = self;
        let lists = [
            ("filter.documents", documents.len()),
            ("filter.tags", tags.len()),
            ("filter.kinds", kinds.len()),
            ("filter.languages", languages.len()),
            ("filter.chunk_kinds", chunk_kinds.len()),
        ];
        for (field, given) in lists {
            if given > LIST_MAX {
                let why = format!("has {given} values; it may have {LIST_MAX}");
                return Err(SearchError::invalid(field, why).into());
            }
        }
        let document = |id: &String| {
            id.parse::<DocumentId>().map_err(|_| {
                SearchError::invalid("filter.documents", format!("has `{id}`, which is no id"))
            })
        };
        let kind = |name: &String| {
            name.parse::<FileKind>().map_err(|_| {
                let known = FileKind::ALL.map(FileKind::as_str).join(", ");
                let why = format!("has `{name}`; it must be one of {known}");
                SearchError::invalid("filter.kinds", why)
            })
        };
        let years = Years {
            from: year_from,
            to: year_to,
        };
        Ok(SearchFilter {
            documents: documents.iter().map(document).collect::<Result<_, _>>()?,
            folder: folder.as_deref().map(Folder::parse).transpose()?,
            tags,
            kinds: kinds.iter().map(kind).collect::<Result<_, _>>()?,
            languages,
            years: (years != Years::default()).then_some(years),
            author,
            doi,
            chunk_kinds,
        })
    }
}
