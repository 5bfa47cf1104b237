//! What can go wrong with people, projects and keys.

use serde_json::json;

use crate::{
    kernel::{ErrorCode, Failure, Permission},
    platform::db::DbError,
};

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("`{field}` {rule}")]
    Invalid { field: &'static str, rule: String },
    #[error("the API key is not valid, has expired or was revoked")]
    BadKey,
    #[error("no {what} `{name}` in this project")]
    NotFound { what: &'static str, name: String },
    #[error("this key can not grant `{0}`, which it does not have")]
    GrantsMoreThanItHas(Permission),
    #[error("a project needs an owner; make somebody else owner first")]
    LastOwner,
    #[error("the password can not be hashed")]
    Password(String),
    #[error(transparent)]
    Refused(#[from] Failure),
    #[error("the database failed")]
    Database(#[from] DbError),
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        let message = error.to_string();
        match error {
            IdentityError::Invalid { field, .. } => Self::new(ErrorCode::InvalidRequest, message)
                .with_details(json!({ "field": field })),
            IdentityError::BadKey => Self::new(ErrorCode::Unauthenticated, message),
            IdentityError::NotFound { .. } => Self::new(ErrorCode::NotFound, message),
            IdentityError::GrantsMoreThanItHas(_) => Self::new(ErrorCode::Forbidden, message),
            IdentityError::LastOwner => Self::new(ErrorCode::LastOwner, message),
            IdentityError::Password(_) => Self::internal(error),
            IdentityError::Refused(failure) => failure,
            IdentityError::Database(error) => error.into(),
        }
    }
}
