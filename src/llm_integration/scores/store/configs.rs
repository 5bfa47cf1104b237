//! Score configs.

use diesel::prelude::*;
use serde_json::{Value, json};

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::scores::{ScoreConfig, schema::llm_score_config},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_score_config)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct ConfigRow {
    project_id: ProjectId,
    id: String,
    name: String,
    data_type: String,
    min_value: Option<f64>,
    max_value: Option<f64>,
    categories: Option<JsonColumn>,
    description: Option<String>,
    is_archived: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ConfigRow {
    fn new(project_id: ProjectId, config: ScoreConfig) -> Self {
        let ScoreConfig {
            id,
            name,
            data_type,
            min_value,
            max_value,
            categories,
            description,
            is_archived,
            created_at,
            updated_at,
        } = config;
        Self {
            project_id,
            id,
            name,
            data_type: data_type.name().to_owned(),
            min_value,
            max_value,
            categories: categories.map(|categories| json!(categories).into()),
            description,
            is_archived,
            created_at,
            updated_at,
        }
    }

    fn into_config(self) -> Result<ScoreConfig, DbError> {
        let corrupt = |column: &str| DbError::Corrupt {
            what: format!("llm_score_config.{column}"),
        };
        let categories = self.categories.map(Value::from).map(serde_json::from_value);
        Ok(ScoreConfig {
            id: self.id,
            name: self.name,
            data_type: self.data_type.parse().map_err(|_| corrupt("data_type"))?,
            min_value: self.min_value,
            max_value: self.max_value,
            categories: categories.transpose().map_err(|_| corrupt("categories"))?,
            description: self.description,
            is_archived: self.is_archived,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Creates the config, or replaces the one with its id.
pub(in crate::llm_integration::scores) fn put_config(
    conn: &mut Conn,
    project: ProjectId,
    config: ScoreConfig,
) -> Result<(), DbError> {
    let row = ConfigRow::new(project, config);
    each_backend!(conn, |c| {
        diesel::insert_into(llm_score_config::table)
            .values(&row)
            .on_conflict((llm_score_config::project_id, llm_score_config::id))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

pub(in crate::llm_integration::scores) fn config(
    conn: &mut Conn,
    project: ProjectId,
    id: &str,
) -> Result<Option<ScoreConfig>, DbError> {
    let mut found = configs_among(conn, project, &[id])?;
    Ok(found.pop())
}

/// Those of these configs that exist.
pub(in crate::llm_integration::scores) fn configs_among(
    conn: &mut Conn,
    project: ProjectId,
    ids: &[&str],
) -> Result<Vec<ScoreConfig>, DbError> {
    let rows: Vec<ConfigRow> = each_backend!(conn, |c| {
        llm_score_config::table
            .filter(llm_score_config::project_id.eq(project))
            .filter(llm_score_config::id.eq_any(ids))
            .select(ConfigRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(ConfigRow::into_config).collect()
}

/// Newest first.
pub(in crate::llm_integration::scores) fn configs(
    conn: &mut Conn,
    project: ProjectId,
    offset: i64,
    limit: i64,
) -> Result<Vec<ScoreConfig>, DbError> {
    let rows: Vec<ConfigRow> = each_backend!(conn, |c| {
        llm_score_config::table
            .filter(llm_score_config::project_id.eq(project))
            .order((
                llm_score_config::created_at.desc(),
                llm_score_config::id.desc(),
            ))
            .select(ConfigRow::as_select())
            .offset(offset)
            .limit(limit)
            .load(c)
    })?;
    rows.into_iter().map(ConfigRow::into_config).collect()
}

pub(in crate::llm_integration::scores) fn count_configs(
    conn: &mut Conn,
    project: ProjectId,
) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        llm_score_config::table
            .filter(llm_score_config::project_id.eq(project))
            .count()
            .get_result(c)
    })?)
}
