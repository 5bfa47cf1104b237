//! Rows and queries of a project's own prices.

use diesel::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use super::{ModelPattern, PriceEntry, PriceId, PriceSource, Validity, schema::llm_model_price};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_model_price)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct PriceRow {
    project_id: ProjectId,
    id: String,
    model: String,
    valid_from: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    price: String,
    definition: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl PriceRow {
    fn new(project_id: ProjectId, entry: &PriceEntry, now: Timestamp) -> Result<Self, DbError> {
        let PriceEntry {
            id,
            model,
            validity,
            price,
            definition,
            source: _,
            created_at,
            updated_at,
        } = entry;
        Ok(Self {
            project_id,
            id: id.as_str().to_owned(),
            model: model.as_str().to_owned(),
            valid_from: validity.from,
            valid_until: validity.until,
            price: json(price, "price")?,
            definition: json(definition, "definition")?,
            created_at: created_at.unwrap_or(now),
            updated_at: updated_at.unwrap_or(now),
        })
    }

    fn into_entry(self) -> Result<PriceEntry, DbError> {
        Ok(PriceEntry {
            id: PriceId::parse(&self.id).map_err(|_| corrupt("id"))?,
            model: self.model.parse().map_err(|_| corrupt("model"))?,
            validity: Validity {
                from: self.valid_from,
                until: self.valid_until,
            },
            price: of_json(&self.price, "price")?,
            definition: of_json(&self.definition, "definition")?,
            source: PriceSource::Project,
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
        })
    }
}

fn corrupt(column: &str) -> DbError {
    DbError::Corrupt {
        what: format!("llm_model_price.{column}"),
    }
}

fn json(value: &impl Serialize, column: &str) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| corrupt(column))
}

fn of_json<T: DeserializeOwned>(text: &str, column: &str) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|_| corrupt(column))
}

/// In the order of the models' names; of one model's prices, the one that was set last is last.
pub(super) fn list(conn: &mut Conn, project: ProjectId) -> Result<Vec<PriceEntry>, DbError> {
    let rows: Vec<PriceRow> = each_backend!(conn, |c| {
        llm_model_price::table
            .filter(llm_model_price::project_id.eq(project))
            .order((
                llm_model_price::model,
                llm_model_price::valid_from,
                llm_model_price::updated_at,
                llm_model_price::id,
            ))
            .select(PriceRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(PriceRow::into_entry).collect()
}

pub(super) fn get(
    conn: &mut Conn,
    project: ProjectId,
    id: &PriceId,
) -> Result<Option<PriceEntry>, DbError> {
    let row: Option<PriceRow> = each_backend!(conn, |c| {
        llm_model_price::table
            .find((project, id.as_str()))
            .select(PriceRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(PriceRow::into_entry).transpose()
}

pub(super) fn count(conn: &mut Conn, project: ProjectId) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        llm_model_price::table
            .filter(llm_model_price::project_id.eq(project))
            .count()
            .get_result(c)
    })?)
}

pub(super) fn put(
    conn: &mut Conn,
    project: ProjectId,
    entry: &PriceEntry,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = PriceRow::new(project, entry, now)?;
    each_backend!(conn, |c| {
        diesel::insert_into(llm_model_price::table)
            .values(&row)
            .on_conflict((llm_model_price::project_id, llm_model_price::id))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// How many there were for exactly this name or pattern.
pub(super) fn delete_model(
    conn: &mut Conn,
    project: ProjectId,
    model: &ModelPattern,
) -> Result<usize, DbError> {
    Ok(each_backend!(conn, |c| {
        diesel::delete(
            llm_model_price::table
                .filter(llm_model_price::project_id.eq(project))
                .filter(llm_model_price::model.eq(model.as_str())),
        )
        .execute(c)
    })?)
}

/// Whether there was one.
pub(super) fn delete(conn: &mut Conn, project: ProjectId, id: &PriceId) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(llm_model_price::table.find((project, id.as_str()))).execute(c)
    })?;
    Ok(deleted > 0)
}
