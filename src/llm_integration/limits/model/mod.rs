//! Limits as types: what is limited, for whom, in which window, and what a key may do.

mod counter;
mod exceeded;
mod measure;
mod policy;
mod rule;
mod subject;

pub(in crate::llm_integration::limits) use counter::{Claim, Counter, Keeping, bounded, claims};
pub use exceeded::{HeaderNames, LimitExceeded, Standing};
pub use measure::{Measure, Window};
pub use policy::KeyPolicy;
pub(in crate::llm_integration::limits) use rule::MAX_AMOUNT;
pub use rule::{Amount, Limit, LimitId, LimitRule};
pub use subject::{Actual, Estimate, LimitSubject, Subject, SubjectKind};
