//! What has to do with documents, built in one place.

use super::Settings;
use crate::{
    document::{
        Annotations, AnswerParts, Answers, Documents, NoteParts, Notes,
        extraction::Extractor,
        search::{SearchIndex, SearchParts, Writer},
    },
    identity::Identity,
    kernel::Clock,
    llm_integration::{Gateway, Recorder, inference::Inference},
    platform::{db::Db, objects::Objects, redis::Redis, sizing::Sizing},
};

/// Documents, and what is made of them. Cheap to clone.
#[derive(Clone)]
pub(super) struct OfDocuments {
    pub documents: Documents,
    pub annotations: Annotations,
    pub answers: Answers,
    pub notes: Notes,
}

/// What documents stand on.
pub(super) struct Ground<'a> {
    pub db: &'a Db,
    pub clock: &'a Clock,
    pub identity: &'a Identity,
    pub redis: Option<&'a Redis>,
    pub objects: Objects,
    pub inference: &'a Inference,
    pub gateway: &'a Gateway,
    pub recorder: &'a Recorder,
}

impl OfDocuments {
    pub fn build(settings: &Settings, sizing: Sizing, ground: Ground<'_>) -> Self {
        let Ground {
            db,
            clock,
            identity,
            redis,
            objects,
            inference,
            gateway,
            recorder,
        } = ground;
        let settings = &settings.documents;
        let extractor = Extractor::new(&settings.engines, &settings.extraction, sizing.processors);
        let parts = SearchParts {
            db: db.clone(),
            clock: clock.clone(),
            inference: inference.clone(),
            writer: Writer {
                identity: identity.clone(),
                gateway: gateway.clone(),
                recorder: recorder.clone(),
            },
        };
        let search = SearchIndex::new(parts, &settings.search);
        let answers = Answers::new(AnswerParts {
            db: db.clone(),
            clock: clock.clone(),
            gateway: gateway.clone(),
            recorder: recorder.clone(),
            search: search.clone(),
            settings: settings.answers.clone(),
        });
        let notes = Notes::new(NoteParts {
            db: db.clone(),
            clock: clock.clone(),
            gateway: gateway.clone(),
            recorder: recorder.clone(),
            settings: settings.answers.clone(),
        });
        let ours = (db.clone(), clock.clone());
        let found = (search, redis.cloned());
        Self {
            documents: Documents::new(ours, (objects, extractor), found, settings),
            annotations: Annotations::new(db.clone(), clock.clone()),
            answers,
            notes,
        }
    }
}
