//! Policies of keys, each as one JSON document.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    kernel::{ApiKeyId, ProjectId, Timestamp},
    llm_integration::{
        ModelPattern,
        limits::{Amount, KeyPolicy, Limit, Measure, schema::llm_key_policy},
    },
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Deserialize, Serialize)]
struct StoredPolicy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_models: Option<Vec<ModelPattern>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_routes: Option<Vec<ModelPattern>>,
    #[serde(default)]
    limits: Vec<StoredLimit>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
}

#[derive(Deserialize, Serialize)]
struct StoredLimit {
    unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<String>,
    amount: i64,
}

impl From<&KeyPolicy> for StoredPolicy {
    fn from(policy: &KeyPolicy) -> Self {
        let KeyPolicy {
            allowed_models,
            allowed_routes,
            limits,
            tags,
            environment,
            metadata,
        } = policy.clone();
        let stored = |Limit { measure, amount }: Limit| StoredLimit {
            unit: measure.unit().to_owned(),
            window: measure.window().map(|window| window.name().to_owned()),
            amount: amount.get(),
        };
        Self {
            allowed_models,
            allowed_routes,
            limits: limits.into_iter().map(stored).collect(),
            tags,
            environment,
            metadata,
        }
    }
}

impl StoredPolicy {
    fn into_policy(self) -> Result<KeyPolicy, DbError> {
        let Self {
            allowed_models,
            allowed_routes,
            limits,
            tags,
            environment,
            metadata,
        } = self;
        let limits = limits.into_iter().map(|limit| {
            let measure = Measure::parse(&limit.unit, limit.window.as_deref()).ok()?;
            let amount = Amount::stored(limit.amount)?;
            Some(Limit { measure, amount })
        });
        let corrupt = || DbError::Corrupt {
            what: "llm_key_policy.policy".to_owned(),
        };
        Ok(KeyPolicy {
            allowed_models,
            allowed_routes,
            limits: limits.collect::<Option<_>>().ok_or_else(corrupt)?,
            tags,
            environment,
            metadata,
        })
    }
}

pub(in crate::llm_integration::limits) fn get(
    conn: &mut Conn,
    project: ProjectId,
    key: ApiKeyId,
) -> Result<Option<KeyPolicy>, DbError> {
    let stored: Option<JsonColumn> = each_backend!(conn, |c| {
        llm_key_policy::table
            .find((project, key))
            .select(llm_key_policy::policy)
            .first(c)
            .optional()
    })?;
    let Some(JsonColumn(stored)) = stored else {
        return Ok(None);
    };
    let stored: StoredPolicy =
        serde_json::from_value(stored).map_err(|error| DbError::Corrupt {
            what: format!("llm_key_policy.policy: {error}"),
        })?;
    stored.into_policy().map(Some)
}

pub(in crate::llm_integration::limits) fn put(
    conn: &mut Conn,
    project: ProjectId,
    key: ApiKeyId,
    policy: &KeyPolicy,
    now: Timestamp,
) -> Result<(), DbError> {
    let json =
        serde_json::to_value(StoredPolicy::from(policy)).map_err(|error| DbError::Corrupt {
            what: format!("a policy that has no JSON form: {error}"),
        })?;
    let json = JsonColumn(json);
    each_backend!(conn, |c| {
        diesel::insert_into(llm_key_policy::table)
            .values((
                llm_key_policy::project_id.eq(project),
                llm_key_policy::key_id.eq(key),
                llm_key_policy::policy.eq(&json),
                llm_key_policy::updated_at.eq(now),
            ))
            .on_conflict((llm_key_policy::project_id, llm_key_policy::key_id))
            .do_update()
            .set((
                llm_key_policy::policy.eq(&json),
                llm_key_policy::updated_at.eq(now),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// Whether there was one.
pub(in crate::llm_integration::limits) fn delete(
    conn: &mut Conn,
    project: ProjectId,
    key: ApiKeyId,
) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(llm_key_policy::table.find((project, key))).execute(c)
    })?;
    Ok(deleted > 0)
}
