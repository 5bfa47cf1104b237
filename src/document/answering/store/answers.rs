//! Answers, and the documents that they quote.

use diesel::{dsl::max, insert_into, prelude::*};

use crate::{
    document::{
        DocumentId,
        answering::{
            model::{AnswerId, Answered, Question, ThreadId},
            schema::{document_answer as a, document_answer_source as s},
        },
    },
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = a)]
struct AnswerRow {
    id: AnswerId,
    thread_id: ThreadId,
    project_id: ProjectId,
    number: i32,
    question: String,
    outcome: String,
    body: JsonColumn,
    created_by: String,
    created_at: Timestamp,
}

impl TryFrom<AnswerRow> for Answered {
    type Error = DbError;

    fn try_from(row: AnswerRow) -> Result<Self, DbError> {
        let AnswerRow {
            id,
            thread_id,
            project_id,
            number,
            question,
            outcome,
            body,
            created_by,
            created_at,
        } = row;
        let corrupt = |what: String| DbError::Corrupt {
            what: format!("answer {id}: {what}"),
        };
        Ok(Self {
            id,
            thread: thread_id,
            project: project_id,
            number,
            question: Question::stored(question),
            outcome: outcome
                .parse()
                .map_err(|word| corrupt(format!("the outcome {word}")))?,
            body: serde_json::from_value(body.0).map_err(|error| corrupt(error.to_string()))?,
            created_by,
            created_at,
        })
    }
}

/// Stores an answer as the next of its thread, and returns its number. The thread must be held.
pub fn insert_answer(conn: &mut Conn, answer: &Answered) -> Result<i32, DbError> {
    let highest = a::table
        .filter(a::thread_id.eq(answer.thread))
        .select(max(a::number));
    let highest: Option<i32> = each_backend!(conn, |c| highest.first(c))?;
    let number = highest.unwrap_or(0) + 1;
    let body = serde_json::to_value(&answer.body).map_err(|error| DbError::Corrupt {
        what: format!("an answer to store: {error}"),
    })?;
    let row = AnswerRow {
        id: answer.id,
        thread_id: answer.thread,
        project_id: answer.project,
        number,
        question: answer.question.as_str().to_owned(),
        outcome: answer.outcome.name().to_owned(),
        body: JsonColumn(body),
        created_by: answer.created_by.clone(),
        created_at: answer.created_at,
    };
    each_backend!(conn, |c| insert_into(a::table).values(row).execute(c))?;
    let mut documents: Vec<DocumentId> = answer.body.documents().collect();
    documents.sort_unstable();
    documents.dedup();
    let sources = documents
        .into_iter()
        .map(|document| (s::answer_id.eq(answer.id), s::document_id.eq(document)));
    let sources: Vec<_> = sources.collect();
    each_backend!(conn, |c| insert_into(s::table).values(sources).execute(c))?;
    Ok(number)
}

/// A thread's answers after the number `after`, in order.
pub fn answers(
    conn: &mut Conn,
    thread: ThreadId,
    after: i32,
    limit: i64,
) -> Result<Vec<Answered>, DbError> {
    let query = a::table
        .filter(a::thread_id.eq(thread))
        .filter(a::number.gt(after))
        .order(a::number)
        .limit(limit);
    let rows: Vec<AnswerRow> =
        each_backend!(conn, |c| query.select(AnswerRow::as_select()).load(c))?;
    rows.into_iter().map(Answered::try_from).collect()
}

/// A thread's last answers, in the order in which they were given.
pub fn last_answers(
    conn: &mut Conn,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<Answered>, DbError> {
    let query = a::table
        .filter(a::thread_id.eq(thread))
        .order(a::number.desc())
        .limit(limit);
    let rows: Vec<AnswerRow> =
        each_backend!(conn, |c| query.select(AnswerRow::as_select()).load(c))?;
    rows.into_iter().rev().map(Answered::try_from).collect()
}

/// Deletes every answer that quotes a document.
pub fn forget(conn: &mut Conn, document: DocumentId) -> Result<(), DbError> {
    let quoting = s::table
        .filter(s::document_id.eq(document))
        .select(s::answer_id);
    let answers: Vec<AnswerId> = each_backend!(conn, |c| quoting.load(c))?;
    let rows = a::table.filter(a::id.eq_any(answers));
    each_backend!(conn, |c| diesel::delete(rows).execute(c))?;
    Ok(())
}
