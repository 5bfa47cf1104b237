//! What is sent about settings, labelled queries and evaluations.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    document::search::{
        Comparison, LabelledQuery, NewLabelledQuery, QueryResult, Relevant, Report, SearchError,
        SearchRun, SearchSetup, Setting,
    },
    kernel::{Cursor, Page, Timestamp},
};

/// Settings to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeSetting {
    /// What differs from the default: `index` (`chunking`, `analyzer`, `vectors`, `context_writer`) needs an index of its
    /// own, `ranking` (`bm25`, `pair_weight`, `candidates`, `rrf_k`, `lexical_weight`, `vector_weight`) does not.
    #[schema(value_type = Object)]
    settings: SearchSetup,
    #[serde(default)]
    note: String,
}

impl ProposeSetting {
    pub fn parse(self) -> (SearchSetup, String) {
        (self.settings, self.note)
    }
}

/// A version of the settings.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchSettingBody)]
pub struct SettingBody {
    version: i32,
    settings: Value,
    /// `candidate`, `promoted`, `replaced` or `rejected`.
    state: &'static str,
    note: String,
    created_by: String,
    created_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
}

impl From<Setting> for SettingBody {
    fn from(setting: Setting) -> Self {
        let Setting {
            version,
            setup,
            state,
            note,
            created_by,
            created_at,
            decided_at,
        } = setting;
        Self {
            version,
            settings: json!(setup),
            state: state.name(),
            note,
            created_by,
            created_at: created_at.as_datetime(),
            decided_at: decided_at.map(Timestamp::as_datetime),
        }
    }
}

/// The settings in force, and all versions.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchSettingsBody)]
pub struct SettingsBody {
    /// 0 is the default.
    version: i32,
    settings: Value,
    /// The newest first.
    versions: Vec<SettingBody>,
}

impl From<((i32, SearchSetup), Vec<Setting>)> for SettingsBody {
    fn from(((version, setup), versions): ((i32, SearchSetup), Vec<Setting>)) -> Self {
        Self {
            version,
            settings: json!(setup),
            versions: versions.into_iter().map(SettingBody::from).collect(),
        }
    }
}

/// A query, and what it should find.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLabelledQueryBody)]
pub struct NewQueryBody {
    text: String,
    /// Evaluations are also told by language.
    language: Option<String>,
    relevant: Vec<RelevantBody>,
}

#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RelevantDocument)]
pub struct RelevantBody {
    document_id: String,
    /// 1 somewhat, 2 well, 3 perfectly; 1 when absent.
    #[serde(default = "one")]
    grade: u8,
}

const fn one() -> u8 {
    1
}

impl NewQueryBody {
    pub fn parse(self) -> Result<NewLabelledQuery, SearchError> {
        let relevant = |body: RelevantBody| {
            let document = body.document_id.parse().map_err(|_| {
                let why = format!("has `{}`, which is no id of a document", body.document_id);
                SearchError::invalid("queries", why)
            })?;
            Ok(Relevant {
                document,
                grade: body.grade,
            })
        };
        let relevant: Result<Vec<Relevant>, SearchError> =
            self.relevant.into_iter().map(relevant).collect();
        Ok(NewLabelledQuery {
            text: self.text,
            language: self.language,
            relevant: relevant?,
        })
    }
}

/// One query a line.
pub fn imported(body: &[u8]) -> Result<Vec<NewLabelledQuery>, SearchError> {
    let mut queries = Vec::new();
    let lines = body.split(|byte| *byte == b'\n');
    for (number, line) in (1_usize..).zip(lines) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let query: NewQueryBody = serde_json::from_slice(line).map_err(|error| {
            SearchError::invalid(
                "queries",
                format!("can not be read in line {number}: {error}"),
            )
        })?;
        queries.push(query.parse()?);
    }
    Ok(queries)
}

#[derive(Serialize, ToSchema)]
pub struct LabelledQueryBody {
    id: String,
    text: String,
    language: Option<String>,
    relevant: Vec<RelevantBody>,
    created_at: DateTime<Utc>,
}

impl From<LabelledQuery> for LabelledQueryBody {
    fn from(query: LabelledQuery) -> Self {
        let relevant = query.relevant.into_iter().map(|relevant| RelevantBody {
            document_id: relevant.document.to_string(),
            grade: relevant.grade,
        });
        Self {
            id: query.id.to_string(),
            text: query.text,
            language: query.language,
            relevant: relevant.collect(),
            created_at: query.created_at.as_datetime(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct LabelledQueriesBody {
    items: Vec<LabelledQueryBody>,
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

impl LabelledQueriesBody {
    pub fn all(queries: Vec<LabelledQuery>) -> Self {
        Self {
            items: queries.into_iter().map(LabelledQueryBody::from).collect(),
            next: None,
        }
    }
}

impl From<Page<LabelledQuery>> for LabelledQueriesBody {
    fn from(page: Page<LabelledQuery>) -> Self {
        let page = page.map(LabelledQueryBody::from);
        Self {
            items: page.items,
            next: page.next,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
    /// 1 to 100; 50 when absent.
    pub limit: Option<u32>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StartSearchRun)]
pub struct StartRun {
    /// The version of the settings; 0 is the default.
    pub setting: i32,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StartedSearchRun)]
pub struct StartedRun {
    pub job_id: String,
}

/// An evaluation.
#[derive(Serialize, ToSchema)]
pub struct SearchRunBody {
    id: String,
    setting: i32,
    /// Averages of nDCG@10, recall@10, recall@100, reciprocal rank and zero hits: of all queries, and by language.
    #[schema(value_type = Object)]
    report: Report,
    /// Beside the settings that were in force.
    #[schema(value_type = Option<Object>)]
    comparison: Option<Comparison>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    results: Vec<QueryResult>,
    requested_by: String,
    created_at: DateTime<Utc>,
}

impl From<SearchRun> for SearchRunBody {
    fn from(run: SearchRun) -> Self {
        let SearchRun {
            id,
            setting,
            report,
            results,
            comparison,
            requested_by,
            created_at,
        } = run;
        Self {
            id: id.to_string(),
            setting,
            report,
            comparison,
            results,
            requested_by,
            created_at: created_at.as_datetime(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SearchRunsBody {
    items: Vec<SearchRunBody>,
}

impl From<Vec<SearchRun>> for SearchRunsBody {
    fn from(runs: Vec<SearchRun>) -> Self {
        let without_queries = |run: SearchRun| {
            SearchRunBody::from(SearchRun {
                results: Vec::new(),
                ..run
            })
        };
        Self {
            items: runs.into_iter().map(without_queries).collect(),
        }
    }
}
