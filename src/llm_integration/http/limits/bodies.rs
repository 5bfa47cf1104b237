//! What callers send and get of limits.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::llm_integration::{
    Amount, Limit, LimitRule, LimitSubject, LimitUsage, LlmError, Measure, SubjectKind, Window,
};

/// A whole number; for money, US dollars as a decimal text such as `"50"` or `"0.25"`.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AmountBody {
    Count(u64),
    Usd(String),
}

/// For whom a limit holds.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectBody {
    /// `project`, `key`, `user`, `tag` or `model`.
    kind: String,
    /// The key's id, the user, the tag, or the model's name or pattern; `*` is each of them for
    /// itself. Absent for the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// So much in such a window.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitBody {
    /// `requests`, `tokens`, `money` or `parallel_requests`.
    unit: String,
    /// `second`, `minute`, `hour`, `day` or `month`, of the calendar in UTC, or `total`. Absent for
    /// `parallel_requests`.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<String>,
    amount: AmountBody,
}

/// A limit to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLimitBody {
    subject: SubjectBody,
    unit: String,
    window: Option<String>,
    amount: AmountBody,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAmountBody {
    pub amount: AmountBody,
}

#[derive(Serialize, ToSchema)]
pub struct LimitRuleBody {
    id: String,
    subject: SubjectBody,
    #[serde(flatten)]
    limit: LimitBody,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct LimitListBody {
    pub items: Vec<LimitRuleBody>,
}

/// How much of a limit is used in the window that runs.
#[derive(Serialize, ToSchema)]
pub struct LimitUsageBody {
    subject: SubjectBody,
    #[serde(flatten)]
    limit: LimitBody,
    /// By calls that have ended.
    used: AmountBody,
    /// Held back by calls that run.
    reserved: AmountBody,
    remaining: AmountBody,
    resets_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct LimitUsageListBody {
    pub items: Vec<LimitUsageBody>,
}

/// Whose use is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// `project`, `key`, `user`, `tag` or `model`; every limit when absent.
    kind: Option<String>,
    /// The key's id, the user, the tag or the model.
    value: Option<String>,
}

impl UsageQuery {
    pub fn parse(self) -> Result<Option<LimitSubject>, LlmError> {
        match (self.kind, self.value) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(invalid("`value` needs a `kind`".to_owned())),
            (Some(kind), value) => LimitSubject::parse(&kind, value.as_deref())
                .map(Some)
                .map_err(invalid),
        }
    }
}

pub(super) fn invalid(what: String) -> LlmError {
    LlmError::LimitInvalid { what }
}

impl AmountBody {
    pub fn parse(&self, measure: Measure) -> Result<Amount, LlmError> {
        match (measure, self) {
            (Measure::Money(_), Self::Usd(text)) => Amount::usd(text),
            (Measure::Money(_), Self::Count(_)) => {
                Err("`amount` of money is a text of US dollars, such as \"50\"".to_owned())
            }
            (_, Self::Count(count)) => Amount::count(*count),
            (_, Self::Usd(_)) => Err(format!("`amount` of {} is a whole number", measure.unit())),
        }
        .map_err(invalid)
    }

    fn of(measure: Measure, amount: i64) -> Self {
        match measure {
            Measure::Money(_) => {
                let text = crate::kernel::NanoUsd::from_nanos(amount).to_string();
                Self::Usd(text.trim_end_matches('0').trim_end_matches('.').to_owned())
            }
            Measure::Requests(_) | Measure::Tokens(_) | Measure::ParallelRequests => {
                Self::Count(amount.unsigned_abs())
            }
        }
    }
}

impl From<&LimitSubject> for SubjectBody {
    fn from(subject: &LimitSubject) -> Self {
        let of_project = subject.kind() == SubjectKind::Project;
        Self {
            kind: subject.kind().name().to_owned(),
            value: (!of_project).then(|| subject.value().to_owned()),
        }
    }
}

impl From<Limit> for LimitBody {
    fn from(Limit { measure, amount }: Limit) -> Self {
        Self {
            unit: measure.unit().to_owned(),
            window: measure.window().map(Window::name).map(str::to_owned),
            amount: AmountBody::of(measure, amount.get()),
        }
    }
}

impl LimitBody {
    pub fn parse(&self) -> Result<Limit, LlmError> {
        let measure = Measure::parse(&self.unit, self.window.as_deref()).map_err(invalid)?;
        let amount = self.amount.parse(measure)?;
        Ok(Limit { measure, amount })
    }
}

impl NewLimitBody {
    pub fn parse(self) -> Result<(LimitSubject, Limit), LlmError> {
        let Self {
            subject: SubjectBody { kind, value },
            unit,
            window,
            amount,
        } = self;
        let subject = LimitSubject::parse(&kind, value.as_deref()).map_err(invalid)?;
        let limit = LimitBody {
            unit,
            window,
            amount,
        };
        Ok((subject, limit.parse()?))
    }
}

impl From<LimitRule> for LimitRuleBody {
    fn from(rule: LimitRule) -> Self {
        let LimitRule {
            id,
            subject,
            limit,
            created_at,
            updated_at,
        } = rule;
        Self {
            id: id.to_string(),
            subject: (&subject).into(),
            limit: limit.into(),
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }
}

impl From<LimitUsage> for LimitUsageBody {
    fn from(usage: LimitUsage) -> Self {
        let LimitUsage {
            subject,
            limit,
            used,
            reserved,
            remaining,
            resets_at,
        } = usage;
        let amount = |amount| AmountBody::of(limit.measure, amount);
        Self {
            subject: (&subject).into(),
            used: amount(used),
            reserved: amount(reserved),
            remaining: amount(remaining),
            limit: limit.into(),
            resets_at: resets_at.map(Into::into),
        }
    }
}
