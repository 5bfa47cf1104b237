//! Limits that projects set.

use diesel::prelude::*;

use crate::{
    kernel::{ProjectId, Timestamp},
    llm_integration::limits::{
        Amount, Limit, LimitId, LimitRule, LimitSubject, Measure, Window, schema::llm_limit,
    },
    platform::db::{Conn, DbError, each_backend},
};

/// In place of a window, where a measure has none.
const NO_PERIOD: &str = "now";

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = llm_limit)]
struct LimitRow {
    id: LimitId,
    project_id: ProjectId,
    subject_kind: String,
    subject_value: String,
    unit: String,
    period: String,
    amount: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The column that says in which window a measure is counted.
pub(in crate::llm_integration::limits) fn period(measure: Measure) -> &'static str {
    measure.window().map_or(NO_PERIOD, Window::name)
}

/// A subject and a measure that were checked when they were stored.
pub(super) fn stored(
    (kind, value): (&str, &str),
    (unit, period): (&str, &str),
) -> Result<(LimitSubject, Measure), DbError> {
    let corrupt = |what: String| DbError::Corrupt { what };
    let value = (kind != "project").then_some(value);
    let subject = LimitSubject::parse(kind, value).map_err(corrupt)?;
    let window = (period != NO_PERIOD).then_some(period);
    let measure = Measure::parse(unit, window).map_err(corrupt)?;
    Ok((subject, measure))
}

impl LimitRow {
    fn new(project_id: ProjectId, rule: &LimitRule) -> Self {
        let LimitRule {
            id,
            subject,
            limit: Limit { measure, amount },
            created_at,
            updated_at,
        } = rule;
        Self {
            id: *id,
            project_id,
            subject_kind: subject.kind().name().to_owned(),
            subject_value: subject.value().to_owned(),
            unit: measure.unit().to_owned(),
            period: period(*measure).to_owned(),
            amount: amount.get(),
            created_at: *created_at,
            updated_at: *updated_at,
        }
    }

    fn into_rule(self) -> Result<LimitRule, DbError> {
        let (subject, measure) = stored(
            (&self.subject_kind, &self.subject_value),
            (&self.unit, &self.period),
        )?;
        let amount = Amount::stored(self.amount).ok_or_else(|| DbError::Corrupt {
            what: "llm_limit.amount".to_owned(),
        })?;
        Ok(LimitRule {
            id: self.id,
            subject,
            limit: Limit { measure, amount },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Oldest first.
pub(in crate::llm_integration::limits) fn list(
    conn: &mut Conn,
    project: ProjectId,
) -> Result<Vec<LimitRule>, DbError> {
    let rows: Vec<LimitRow> = each_backend!(conn, |c| {
        llm_limit::table
            .filter(llm_limit::project_id.eq(project))
            .order(llm_limit::id)
            .select(LimitRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(LimitRow::into_rule).collect()
}

pub(in crate::llm_integration::limits) fn get(
    conn: &mut Conn,
    project: ProjectId,
    id: LimitId,
) -> Result<Option<LimitRule>, DbError> {
    let row: Option<LimitRow> = each_backend!(conn, |c| {
        llm_limit::table
            .filter(llm_limit::project_id.eq(project))
            .filter(llm_limit::id.eq(id))
            .select(LimitRow::as_select())
            .first(c)
            .optional()
    })?;
    row.map(LimitRow::into_rule).transpose()
}

/// Fails as a unique violation when the subject has a limit of this measure.
pub(in crate::llm_integration::limits) fn insert(
    conn: &mut Conn,
    project: ProjectId,
    rule: &LimitRule,
) -> Result<(), DbError> {
    let row = LimitRow::new(project, rule);
    each_backend!(conn, |c| diesel::insert_into(llm_limit::table)
        .values(&row)
        .execute(c))?;
    Ok(())
}

/// Whether there was one.
pub(in crate::llm_integration::limits) fn set_amount(
    conn: &mut Conn,
    project: ProjectId,
    id: LimitId,
    amount: Amount,
    now: Timestamp,
) -> Result<bool, DbError> {
    let updated = each_backend!(conn, |c| {
        diesel::update(
            llm_limit::table
                .filter(llm_limit::project_id.eq(project))
                .filter(llm_limit::id.eq(id)),
        )
        .set((
            llm_limit::amount.eq(amount.get()),
            llm_limit::updated_at.eq(now),
        ))
        .execute(c)
    })?;
    Ok(updated > 0)
}

/// Whether there was one.
pub(in crate::llm_integration::limits) fn delete(
    conn: &mut Conn,
    project: ProjectId,
    id: LimitId,
) -> Result<bool, DbError> {
    let deleted = each_backend!(conn, |c| {
        diesel::delete(
            llm_limit::table
                .filter(llm_limit::project_id.eq(project))
                .filter(llm_limit::id.eq(id)),
        )
        .execute(c)
    })?;
    Ok(deleted > 0)
}
