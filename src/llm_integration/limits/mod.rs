//! Limits, budgets and virtual keys: what a call may use, decided before it and counted after it.
//!
//! [`Limits::admit`] asks every limit of a call's project, key, user, tags and model at once: all
//! have room and hold back the call's estimate, or none does. [`Reservation::settle`] puts what was
//! used in its place; a reservation that is dropped gives everything back.
//!
//! Counters stand in Redis, where one script moves all of a call's, or in this process. Limits of
//! money, and others of an hour or longer, outlive both: a counter uses only what the database has
//! set aside for it (see `admission`), so a crash, a kill or an empty Redis makes such a limit
//! tighter by what was set aside and not used, and never looser. Limits of a minute or a second, and
//! of requests at once, begin anew with the process or the Redis that counts them.
//!
//! While Redis does not answer, each process goes on by itself (`when_redis_is_down = "local"`):
//! the limits that the database sets aside for hold for all together as before, the others hold for
//! each process. [`Limits::keep`] must run beside the calls.

mod admission;
mod inner;
mod local;
mod model;
mod purse;
mod reservation;
mod rules;
mod schema;
mod service;
mod settings;
mod shared;
mod store;
mod usage;

pub use model::{
    Actual, Amount, Estimate, HeaderNames, KeyPolicy, Limit, LimitExceeded, LimitId, LimitRule,
    LimitSubject, Measure, Standing, Subject, SubjectKind, Window,
};
pub use reservation::Reservation;
pub use service::Limits;
pub use settings::{LimitsSettings, WhenRedisIsDown};
pub use usage::LimitUsage;
