//! Background jobs: enqueued in the transaction that needs them, run by apalis over our database.
//!
//! [`enqueue`] writes a row; it commits, or not, with the caller's transaction. A worker process
//! ([`run`]) claims rows under a *lease* that is new for every attempt. Whatever an attempt writes
//! about its job names that lease, so a worker that was declared dead by mistake can not complete,
//! fail or report on a job that has moved on. A handler commits its effect and its job's completion
//! in one transaction with [`JobContext::complete_with`]: once done, a job is not repeated in effect.
//!
//! apalis drives the loop (poll, call, drain) through its `Persistence` extension point and its
//! acknowledgement layer. Three things are ours, because apalis stops doing them where we need them:
//! heartbeats (apalis sends none while it fetches, nor while it drains), failures of the database
//! (a failing `Persistence` ends an apalis worker, so ours waits and tries again), and the outcome
//! of an attempt (written with its lease by the acknowledger, not through apalis' event channel).

mod admin;
mod backend;
mod claim;
mod context;
mod error;
mod http;
mod job;
mod keeper;
mod model;
mod outcome;
mod perform;
mod periodic;
mod registry;
mod retention;
mod running;
mod schema;
mod service;
mod settings;
mod store;
mod worker;

pub use admin::{cancel, find};
pub use context::JobContext;
pub use error::JobsError;
pub use http::routes;
pub use job::{Backoff, Job, JobError, JobPolicy, NewJob};
pub use model::{JobFilter, JobId, JobProgress, JobRecord, JobState};
pub use registry::JobRegistry;
pub use retention::{Retention, remove_old};
pub use service::Jobs;
pub use settings::JobSettings;
pub use store::{JobCount, counts, enqueue};
pub use worker::run;
