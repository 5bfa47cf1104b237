//! Versions of how a project's index is made and asked. One comes into force only when it was shown not to lose.

use super::SearchIndex;
use crate::{
    document::search::{
        SearchError,
        jobs::BuildIndex,
        model::{GATE_QUERIES_MIN, IndexState, MARGIN, SearchRun, SearchSetup},
        store::{self, IndexRow, Setting, SettingState},
    },
    kernel::{Actor, Failure, Permission, ProjectId},
    platform::{
        db::Conn,
        jobs::{self, NewJob},
    },
};

const NOTE_MAX_CHARS: usize = 1_000;
/// Of the name of a model or a route.
const MODEL_MAX_CHARS: usize = 200;

impl SearchIndex {
    /// The settings in force, with their version, and all other versions.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn settings(
        &self,
        actor: &Actor,
    ) -> Result<((i32, SearchSetup), Vec<Setting>), Failure> {
        actor.require(Permission::DocumentsRead)?;
        let project = actor.project;
        let found = self
            .db
            .read(move |conn| {
                let promoted = store::promoted(conn, project)?;
                Ok::<_, SearchError>((promoted, store::settings(conn, project)?))
            })
            .await?;
        Ok(found)
    }

    /// Makes a version that waits to be evaluated. Where it needs an index of its own, that is built beside the serving
    /// one.
    ///
    /// # Errors
    /// `search_invalid`, or `search_setting_busy` while another version's index is being built.
    pub async fn propose(
        &self,
        actor: &Actor,
        setup: SearchSetup,
        note: String,
    ) -> Result<Setting, Failure> {
        actor.require(Permission::DocumentsManage)?;
        let setup = setup.checked().map_err(SearchError::from)?;
        if let Some(model) = setup.index.context_model() {
            actor.require(Permission::GatewayCall)?;
            let length = model.chars().count();
            if model.trim().is_empty() || length > MODEL_MAX_CHARS {
                let why = format!("names a model or a route, in 1 to {MODEL_MAX_CHARS} characters");
                return Err(SearchError::invalid("index.context_writer.model", why).into());
            }
        }
        let length = note.chars().count();
        if length > NOTE_MAX_CHARS {
            let why = format!("has {length} characters; it may have {NOTE_MAX_CHARS}");
            return Err(SearchError::invalid("note", why).into());
        }
        let (project, clock) = (actor.project, self.clock.clone());
        let actor = actor.clone();
        let proposed = self
            .db
            .write(move |conn| {
                let now = clock.now();
                let in_force = store::promoted(conn, project)?.1;
                store::ensure_serving(conn, project, &in_force.index, now)?;
                if setup.index != in_force.index {
                    let busy = store::indexes(conn, project)?.len() > 1;
                    if busy {
                        let why = "another version's index is being built; promote or reject that one first";
                        return Err(SearchError::Busy(why.to_owned()));
                    }
                    let state = (IndexState::Building, now);
                    let index = store::create_index(conn, project, &setup.index, state)?;
                    let job = NewJob::requested_by(&actor, BuildIndex { project, index });
                    jobs::enqueue(conn, &clock, job)?;
                }
                let last = store::settings(conn, project)?.first().map_or(0, |last| last.version);
                let setting = Setting {
                    version: last + 1,
                    setup,
                    state: SettingState::Candidate,
                    note,
                    created_by: actor.signature(),
                    created_at: now,
                    decided_at: None,
                };
                store::insert_setting(conn, project, &setting)?;
                Ok(setting)
            })
            .await?;
        Ok(proposed)
    }

    /// Puts a version in force that its last evaluation showed not to lose.
    ///
    /// # Errors
    /// `not_found`, `search_setting_busy` for one that is no candidate or whose index is not complete, and
    /// `search_setting_loses`.
    pub async fn promote(&self, actor: &Actor, version: i32) -> Result<SearchRun, Failure> {
        actor.require(Permission::DocumentsManage)?;
        let project = actor.project;
        let (setup, index) = self.generation_of(project, version).await?;
        self.require_complete(project, (&setup, index.as_ref()))
            .await?;
        let clock = self.clock.clone();
        let run = self
            .db
            .write(move |conn| {
                let setting = candidate(conn, project, version)?;
                let run = store::latest_run(conn, project, version)?;
                let run = run.ok_or_else(|| SearchError::Loses {
                    why: "it was not evaluated yet".to_owned(),
                    comparison: None,
                })?;
                require_no_loss(&run)?;
                let own = index.filter(|index| index.state == IndexState::Building);
                if let Some(index) = own {
                    store::promote_index(conn, project, index.number)?;
                }
                let decided = (SettingState::Promoted, clock.now());
                store::decide_setting(conn, project, setting.version, decided)?;
                Ok::<_, SearchError>(run)
            })
            .await?;
        Ok(run)
    }

    /// Gives a version up, and the index that was built for it.
    ///
    /// # Errors
    /// `not_found`, or `search_setting_busy` for one that is no candidate.
    pub async fn reject(&self, actor: &Actor, version: i32) -> Result<(), Failure> {
        actor.require(Permission::DocumentsManage)?;
        let (project, clock) = (actor.project, self.clock.clone());
        self.db
            .write(move |conn| {
                let setting = candidate(conn, project, version)?;
                if setting.setup.index != store::promoted(conn, project)?.1.index {
                    store::retire_building(conn, project)?;
                }
                let decided = (SettingState::Rejected, clock.now());
                Ok::<_, SearchError>(store::decide_setting(conn, project, version, decided)?)
            })
            .await?;
        Ok(())
    }

    /// What a version says, and the generation that was made as it says; `None` while nothing is indexed.
    pub(super) async fn generation_of(
        &self,
        project: ProjectId,
        version: i32,
    ) -> Result<(SearchSetup, Option<IndexRow>), SearchError> {
        self.db
            .read(move |conn| {
                let setup = match version {
                    0 => SearchSetup::default(),
                    _ => found(conn, project, version)?.setup,
                };
                let rows = store::indexes(conn, project)?;
                let any = !rows.is_empty();
                let own = rows.into_iter().find(|row| row.settings == setup.index);
                if any && own.is_none() {
                    let why = format!("the index of version {version} is gone: propose it again");
                    return Err(SearchError::Busy(why));
                }
                Ok((setup, own))
            })
            .await
    }

    /// That every document, with its contexts, and every vector is in a generation.
    pub(super) async fn require_complete(
        &self,
        project: ProjectId,
        (setup, index): (&SearchSetup, Option<&IndexRow>),
    ) -> Result<(), SearchError> {
        let Some(index) = index.filter(|index| index.state == IndexState::Building) else {
            return Ok(());
        };
        let (number, wanted) = (index.number, self.wanted_model(&setup.index.vectors).await?);
        self.db
            .read(move |conn| {
                let busy = |what: &str| Err(SearchError::Busy(format!("{what}; try again later")));
                if let Some(serving) = store::serving(conn, project)?
                    && !store::missing(conn, serving.number, number, 1)?.is_empty()
                {
                    return busy("its index is still being built");
                }
                match store::documents_without_contexts(conn, number)? {
                    0 => {}
                    some => {
                        return busy(&format!(
                            "contexts of {some} documents are still to be written (see the jobs `document.write_contexts`)"
                        ));
                    }
                }
                if let Some((model, _)) = wanted {
                    let spaces = store::spaces(conn, number)?;
                    let ready = spaces
                        .iter()
                        .find(|space| space.model == model && space.state == IndexState::Serving);
                    let unread = match ready {
                        Some(space) => {
                            !store::unread(conn, (number, space.number), -1, 1)?.is_empty()
                        }
                        None => true,
                    };
                    if unread {
                        return busy("its vectors are still being made");
                    }
                }
                Ok(())
            })
            .await
    }
}

fn found(conn: &mut Conn, project: ProjectId, version: i32) -> Result<Setting, SearchError> {
    let setting = store::setting(conn, project, version)?;
    setting.ok_or_else(|| {
        SearchError::NotFound(format!("the search settings have no version {version}"))
    })
}

fn candidate(conn: &mut Conn, project: ProjectId, version: i32) -> Result<Setting, SearchError> {
    let setting = found(conn, project, version)?;
    match setting.state {
        SettingState::Candidate => Ok(setting),
        state => Err(SearchError::Busy(format!(
            "version {version} is {}; only a candidate can be decided about",
            state.name()
        ))),
    }
}

fn require_no_loss(run: &SearchRun) -> Result<(), SearchError> {
    let loses = |why: String| SearchError::Loses {
        why,
        comparison: run.comparison,
    };
    let Some(comparison) = run.comparison else {
        return Err(loses(
            "its evaluation has nothing to compare it with".to_owned(),
        ));
    };
    if comparison.queries < GATE_QUERIES_MIN {
        return Err(loses(format!(
            "{} labelled queries say too little; {GATE_QUERIES_MIN} are needed",
            comparison.queries
        )));
    }
    if !comparison.does_not_lose {
        return Err(loses(format!(
            "its nDCG@10 may be {:.4} lower, and -{MARGIN} is the margin",
            -comparison.low
        )));
    }
    Ok(())
}
