//! Rows and queries of a project's own prices.

use diesel::prelude::*;

use super::{ModelPattern, ModelPrice, UsdPerMillion, schema::llm_price};
use crate::{
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, each_backend},
};

#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = llm_price)]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct PriceRow {
    project_id: ProjectId,
    model: String,
    input: i64,
    output: i64,
    cached_input: Option<i64>,
    cache_write: Option<i64>,
    audio_input: Option<i64>,
    audio_output: Option<i64>,
    updated_at: Timestamp,
}

/// A price, and when it was set.
pub(super) type StoredPrice = (ModelPattern, ModelPrice, Timestamp);

impl PriceRow {
    fn new(project_id: ProjectId, model: &ModelPattern, price: ModelPrice, now: Timestamp) -> Self {
        let ModelPrice {
            input,
            output,
            cached_input,
            cache_write,
            audio_input,
            audio_output,
        } = price;
        let nanos = |amount: UsdPerMillion| amount.amount().nanos();
        Self {
            project_id,
            model: model.as_str().to_owned(),
            input: nanos(input),
            output: nanos(output),
            cached_input: cached_input.map(nanos),
            cache_write: cache_write.map(nanos),
            audio_input: audio_input.map(nanos),
            audio_output: audio_output.map(nanos),
            updated_at: now,
        }
    }

    fn into_price(self) -> Result<StoredPrice, DbError> {
        let corrupt = |column: &str| DbError::Corrupt {
            what: format!("llm_price.{column}"),
        };
        let amount = |nanos: i64, column: &str| {
            UsdPerMillion::from_nanos(nanos).ok_or_else(|| corrupt(column))
        };
        let optional =
            |nanos: Option<i64>, column: &str| nanos.map(|nanos| amount(nanos, column)).transpose();
        let price = ModelPrice {
            input: amount(self.input, "input")?,
            output: amount(self.output, "output")?,
            cached_input: optional(self.cached_input, "cached_input")?,
            cache_write: optional(self.cache_write, "cache_write")?,
            audio_input: optional(self.audio_input, "audio_input")?,
            audio_output: optional(self.audio_output, "audio_output")?,
        };
        let model = self.model.parse().map_err(|_| corrupt("model"))?;
        Ok((model, price, self.updated_at))
    }
}

/// In the order of the models' names.
pub(super) fn list(conn: &mut Conn, project: ProjectId) -> Result<Vec<StoredPrice>, DbError> {
    let rows: Vec<PriceRow> = each_backend!(conn, |c| {
        llm_price::table
            .filter(llm_price::project_id.eq(project))
            .order(llm_price::model)
            .select(PriceRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(PriceRow::into_price).collect()
}

pub(super) fn count(conn: &mut Conn, project: ProjectId) -> Result<i64, DbError> {
    Ok(each_backend!(conn, |c| {
        llm_price::table
            .filter(llm_price::project_id.eq(project))
            .count()
            .get_result(c)
    })?)
}

pub(super) fn put(
    conn: &mut Conn,
    project: ProjectId,
    model: &ModelPattern,
    price: ModelPrice,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = PriceRow::new(project, model, price, now);
    each_backend!(conn, |c| {
        diesel::insert_into(llm_price::table)
            .values(&row)
            .on_conflict((llm_price::project_id, llm_price::model))
            .do_update()
            .set(&row)
            .execute(c)
    })?;
    Ok(())
}

/// Whether there was one.
pub(super) fn delete(
    conn: &mut Conn,
    project: ProjectId,
    model: &ModelPattern,
) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(
            llm_price::table
                .filter(llm_price::project_id.eq(project))
                .filter(llm_price::model.eq(model.as_str())),
        )
        .execute(c)
    })?;
    Ok(deleted > 0)
}
