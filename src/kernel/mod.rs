//! The vocabulary every other module speaks: pure types, without IO and without async.
//!
//! Nothing here knows a database, a socket or a context. What is here is here because at least two
//! modules must agree on it.

mod actor;
mod error_chain;
mod error_code;
mod failure;
mod id;
mod money;
mod paging;
mod permission;
mod time;

pub use actor::{Actor, Subject};
pub use error_chain::error_chain;
pub use error_code::{Category, ErrorCode};
pub use failure::{Failure, FailureParts};
pub use id::{ApiKeyId, Id, OrganizationId, ProjectId, UserId};
pub use money::NanoUsd;
pub use paging::{Cursor, MAX_PAGE_ITEMS, Page, PageLimit};
pub use permission::{Permission, Permissions, Role};
pub use time::{Clock, Timestamp};
