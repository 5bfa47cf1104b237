//! Which handler runs which kind of job.

use std::time::Duration;

use super::kinds::{IndexVersion, KeepUp, ProcessDocument, RemoveFiles};
use crate::{
    document::{Documents, service::pictures_of},
    platform::{
        jobs::{JobError, JobRegistry},
        objects::ObjectError,
    },
};

const KEEP_UP_EVERY: Duration = Duration::from_mins(1);

impl Documents {
    /// Removes files, and the pictures that were drawn of them.
    async fn remove_files(&self, job: RemoveFiles) -> Result<(), ObjectError> {
        for object in &job.objects {
            self.objects.delete_below(&pictures_of(object)).await?;
        }
        self.objects.delete(job.objects).await
    }

    /// Adds the jobs of documents to a process's registry.
    #[must_use]
    pub fn register(&self, registry: JobRegistry) -> JobRegistry {
        let (processing, indexing) = (self.clone(), self.clone());
        let (removing, keeping) = (self.clone(), self.clone());
        self.search
            .register(registry)
            .on::<ProcessDocument, _, _>(move |job, context| {
                let documents = processing.clone();
                async move { documents.process(job, context).await }
            })
            .on::<IndexVersion, _, _>(move |job, context| {
                let documents = indexing.clone();
                async move { documents.index(job, context).await }
            })
            .on::<RemoveFiles, _, _>(move |job, _| {
                let documents = removing.clone();
                async move {
                    let removed = documents.remove_files(job).await;
                    removed.map_err(|error| JobError::Retry(Box::new(error)))
                }
            })
            .on::<KeepUp, _, _>(move |_, _| {
                let documents = keeping.clone();
                async move { documents.keep_up().await }
            })
            .every(KEEP_UP_EVERY, KeepUp {})
    }
}
