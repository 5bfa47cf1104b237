//! Limits as types: what is limited, for whom, in which window, and what a key may do.

mod counter;
mod exceeded;
mod measure;
mod policy;
mod rule;
mod subject;

pub(in crate::llm_integration::limits) use counter::{Claim, Counter, Keeping, claims};
pub use exceeded::{LimitExceeded, Standing};
pub use measure::{Measure, Window};
pub use policy::KeyPolicy;
pub use rule::{Amount, Limit, LimitRule, MAX_AMOUNT};
pub use subject::{Actual, Estimate, LimitSubject, Subject, SubjectKind};
