//! Versions of how a project's index is made and asked.

use diesel::{insert_into, prelude::*};
use serde_json::json;

use crate::{
    document::search::{model::SearchSetup, schema::document_search_setting as t},
    kernel::{ProjectId, Timestamp},
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingState {
    /// Waits to be shown not to lose.
    Candidate,
    /// In force.
    Promoted,
    /// Was in force.
    Replaced,
    Rejected,
}

impl SettingState {
    pub const ALL: [Self; 4] = [
        Self::Candidate,
        Self::Promoted,
        Self::Replaced,
        Self::Rejected,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Promoted => "promoted",
            Self::Replaced => "replaced",
            Self::Rejected => "rejected",
        }
    }
}

/// A version; 0 is the default, which has no row.
#[derive(Clone, Debug)]
pub struct Setting {
    pub version: i32,
    pub setup: SearchSetup,
    pub state: SettingState,
    pub note: String,
    pub created_by: String,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
}

type Columns = (
    i32,
    JsonColumn,
    String,
    String,
    String,
    Timestamp,
    Option<Timestamp>,
);

fn read(columns: Columns) -> Result<Setting, DbError> {
    let (version, setup, state, note, created_by, created_at, decided_at) = columns;
    let corrupt = |what: String| DbError::Corrupt {
        what: format!("document_search_setting {version}: {what}"),
    };
    let known = SettingState::ALL
        .into_iter()
        .find(|known| known.name() == state);
    Ok(Setting {
        version,
        setup: serde_json::from_value(setup.0).map_err(|error| corrupt(error.to_string()))?,
        state: known.ok_or_else(|| corrupt(format!("state {state}")))?,
        note,
        created_by,
        created_at,
        decided_at,
    })
}

/// Every version of a project, the newest first.
pub fn settings(conn: &mut Conn, project: ProjectId) -> Result<Vec<Setting>, DbError> {
    let rows: Vec<Columns> = each_backend!(conn, |c| {
        t::table
            .filter(t::project_id.eq(project))
            .order(t::version.desc())
            .select((
                t::version,
                t::settings,
                t::state,
                t::note,
                t::created_by,
                t::created_at,
                t::decided_at,
            ))
            .load(c)
    })?;
    rows.into_iter().map(read).collect()
}

pub fn setting(
    conn: &mut Conn,
    project: ProjectId,
    version: i32,
) -> Result<Option<Setting>, DbError> {
    let all = settings(conn, project)?;
    Ok(all.into_iter().find(|setting| setting.version == version))
}

/// The version that is in force, and what it says; the default when none was promoted.
pub fn promoted(conn: &mut Conn, project: ProjectId) -> Result<(i32, SearchSetup), DbError> {
    let all = settings(conn, project)?;
    let promoted = all
        .into_iter()
        .find(|setting| setting.state == SettingState::Promoted);
    Ok(promoted.map_or_else(
        || (0, SearchSetup::default()),
        |setting| (setting.version, setting.setup),
    ))
}

pub fn insert_setting(
    conn: &mut Conn,
    project: ProjectId,
    setting: &Setting,
) -> Result<(), DbError> {
    let Setting {
        version,
        setup,
        state,
        note,
        created_by,
        created_at,
        decided_at,
    } = setting;
    each_backend!(conn, |c| {
        insert_into(t::table)
            .values((
                t::project_id.eq(project),
                t::version.eq(version),
                t::settings.eq(JsonColumn(json!(setup))),
                t::state.eq(state.name()),
                t::note.eq(note),
                t::created_by.eq(created_by),
                t::created_at.eq(created_at),
                t::decided_at.eq(decided_at),
            ))
            .execute(c)
    })?;
    Ok(())
}

/// Says what became of a version; promoting one replaces that which was in force.
pub fn decide_setting(
    conn: &mut Conn,
    project: ProjectId,
    version: i32,
    (state, now): (SettingState, Timestamp),
) -> Result<(), DbError> {
    if state == SettingState::Promoted {
        let in_force = t::table
            .filter(t::project_id.eq(project))
            .filter(t::state.eq(SettingState::Promoted.name()));
        each_backend!(conn, |c| {
            diesel::update(in_force)
                .set(t::state.eq(SettingState::Replaced.name()))
                .execute(c)
        })?;
    }
    each_backend!(conn, |c| {
        diesel::update(t::table.find((project, version)))
            .set((t::state.eq(state.name()), t::decided_at.eq(Some(now))))
            .execute(c)
    })?;
    Ok(())
}
