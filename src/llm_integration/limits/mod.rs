//! Limits, budgets and virtual keys: what a call may use, decided before it and counted after it.
//!
//! [`Limits::admit`] asks every limit of a call's project, key, user, tags and model at once: all
//! have room and hold back the call's estimate, or none does. [`Reservation::settle`] puts what was
//! used in its place; a reservation that is dropped gives everything back.

mod model;
mod reservation;
mod service;
mod settings;

pub use model::{
    Actual, Amount, Estimate, KeyPolicy, Limit, LimitExceeded, LimitRule, LimitSubject, Measure,
    Standing, Subject, SubjectKind, Window,
};
pub use reservation::Reservation;
pub use service::Limits;
pub use settings::LimitsSettings;
