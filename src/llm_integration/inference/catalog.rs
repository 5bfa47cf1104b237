//! The models that there are, and which one a name means.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    InferenceError, InferenceSettings, InferenceState, ModelKind,
    folder::{Found, find},
    runtime::{Library, SessionSettings},
    slot::{Slot, Workshop},
};

/// What was found at the start.
pub(super) struct Catalog {
    settings: InferenceSettings,
    folder: PathBuf,
    workshop: Arc<Workshop>,
    /// By name.
    slots: Vec<Slot>,
    /// Folders that hold no model that can be used, and why.
    broken: Vec<(String, String)>,
}

impl Catalog {
    pub fn read(settings: &InferenceSettings, data: &Path, processors: usize) -> Self {
        let folder = settings.models_folder(data);
        let threads = match settings.threads {
            0 => processors,
            threads => threads,
        };
        let workshop = Arc::new(Workshop {
            library: Library::at(settings.library(data)),
            sessions: SessionSettings {
                inference: settings.clone(),
                threads,
            },
        });
        let (mut slots, mut broken) = (Vec::new(), Vec::new());
        let found = if settings.enabled {
            find(&folder)
        } else {
            Ok(Vec::new())
        };
        match found {
            Ok(found) => {
                for Found { name, spec } in found {
                    match spec {
                        Ok(spec) => slots.push(Slot::new(spec, workshop.clone())),
                        Err(why) => broken.push((name, why)),
                    }
                }
            }
            Err(error) => broken.push((folder.display().to_string(), error.to_string())),
        }
        let catalog = Self {
            settings: settings.clone(),
            folder,
            workshop,
            slots,
            broken,
        };
        catalog.log();
        catalog
    }

    fn log(&self) {
        if !self.settings.enabled {
            return;
        }
        let InferenceState { problems, .. } = self.state();
        if problems.is_empty() {
            let models = self.state().summary();
            tracing::info!(models, folder = %self.folder.display(), "models of this process");
        }
        for problem in problems {
            tracing::warn!("{problem}");
        }
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The model of this name, or else the default one of its kind.
    pub fn slot(&self, name: Option<&str>, kind: ModelKind) -> Result<&Slot, InferenceError> {
        if !self.settings.enabled {
            return Err(InferenceError::Off);
        }
        let slot = match name {
            Some(name) => self.named(name)?,
            None => self.default_of(kind)?,
        };
        if slot.spec.kind() != kind {
            return Err(InferenceError::WrongKind {
                model: slot.spec.name.to_string(),
                is: slot.spec.kind(),
                asked: kind,
            });
        }
        let library = self.workshop.library.check();
        library.map_err(|what| InferenceError::Missing { what })?;
        Ok(slot)
    }

    fn named(&self, name: &str) -> Result<&Slot, InferenceError> {
        let slot = self
            .slots
            .iter()
            .find(|slot| slot.spec.name.as_str() == name);
        if let Some(slot) = slot {
            return Ok(slot);
        }
        if let Some((model, why)) = self.broken.iter().find(|(broken, _)| broken == name) {
            return Err(InferenceError::Broken {
                model: model.clone(),
                why: why.clone(),
            });
        }
        let names: Vec<_> = self
            .slots
            .iter()
            .map(|slot| slot.spec.name.as_str())
            .collect();
        Err(InferenceError::UnknownModel {
            model: name.to_owned(),
            known: if names.is_empty() {
                self.nothing(ModelKind::Embedding)
            } else {
                format!("it has {}", names.join(", "))
            },
        })
    }

    fn default_of(&self, kind: ModelKind) -> Result<&Slot, InferenceError> {
        let (setting, name) = match kind {
            ModelKind::Embedding => ("embedding_model", &self.settings.embedding_model),
            ModelKind::Reranking => ("reranking_model", &self.settings.reranking_model),
        };
        if name.is_empty() {
            let first = self.slots.iter().find(|slot| slot.spec.kind() == kind);
            return first.ok_or_else(|| InferenceError::Missing {
                what: self.nothing(kind),
            });
        }
        self.named(name).map_err(|error| InferenceError::Missing {
            what: format!("`inference.{setting}`: {error}"),
        })
    }

    /// That there is no model, and what would be right.
    fn nothing(&self, kind: ModelKind) -> String {
        let folder = self.folder.display();
        let how = match kind {
            ModelKind::Embedding => "`scripts/model` makes one there, or put a folder",
            ModelKind::Reranking => "put a folder",
        };
        let purpose = kind.purpose();
        format!(
            "no model for {purpose} is in {folder}; {how} with its model.onnx, tokenizer.json and \
             config.json there"
        )
    }

    pub fn state(&self) -> InferenceState {
        let mut problems = Vec::new();
        if self.settings.enabled {
            problems.extend(self.workshop.library.check().err());
            problems.extend(
                self.default_of(ModelKind::Embedding)
                    .err()
                    .map(|error| error.to_string()),
            );
            if !self.settings.reranking_model.is_empty() {
                let reranker = self.default_of(ModelKind::Reranking);
                problems.extend(reranker.err().map(|error| error.to_string()));
            }
            let broken = self.broken.iter();
            problems.extend(broken.map(|(name, why)| format!("`{name}` can not be used: {why}")));
            problems.extend(self.slots.iter().filter_map(Slot::problem));
        }
        InferenceState {
            models: self.slots.iter().map(Slot::state).collect(),
            problems,
        }
    }
}
