//! What can go wrong between a service and its database.

use std::{sync::Arc, time::Duration};

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::kernel::{ErrorCode, Failure};

/// What a caller is told to wait when the database can not be reached.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the query failed")]
    Query(#[source] DieselError),
    #[error("no database connection could be had")]
    Unavailable(#[source] diesel::r2d2::PoolError),
    #[error("no database connection became free within {waited_ms} ms")]
    Exhausted { waited_ms: u64 },
    #[error("the database task ended early")]
    TaskEnded(#[source] tokio::task::JoinError),
    #[error("a stored value can not be read: {what}")]
    Corrupt { what: String },
}

impl DbError {
    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Query(DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                _
            ))
        )
    }

    /// Whether the database refused the values it was given: the same ones will be refused again.
    pub fn is_refusal(&self) -> bool {
        use DatabaseErrorKind as Kind;
        match self {
            Self::Query(DieselError::DatabaseError(kind, information)) => match kind {
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation => true,
                // libpq gives these no kind of their own; SQLite takes nearly everything.
                Kind::Unknown => {
                    let message = information.message();
                    [
                        "invalid",
                        "index row",
                        "too long",
                        "too big",
                        "out of range",
                        "exceeds",
                    ]
                    .iter()
                    .any(|known| message.contains(known))
                }
                _ => false,
            },
            Self::Query(
                DieselError::SerializationError(_)
                | DieselError::DeserializationError(_)
                | DieselError::QueryBuilderError(_)
                | DieselError::InvalidCString(_),
            )
            | Self::Corrupt { .. } => true,
            _ => false,
        }
    }

    /// Whether trying the same thing again later can succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Exhausted { .. }
            | Self::Query(DieselError::BrokenTransactionManager) => true,
            Self::Query(DieselError::DatabaseError(kind, information)) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure => true,
                // libpq gives these no kind of their own.
                DatabaseErrorKind::Unknown => {
                    let message = information.message();
                    [
                        "server closed the connection",
                        "terminating connection",
                        "database is locked",
                        "due to lock timeout",
                        "database system is",
                        "could not connect",
                        "deadlock detected",
                        "no connection to the server",
                        "SSL SYSCALL",
                        "Connection refused",
                    ]
                    .iter()
                    .any(|known| message.contains(known))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        Self::Query(error)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Arc::new(error).into()
    }
}

/// An error that several waited for.
impl From<Arc<DbError>> for Failure {
    fn from(error: Arc<DbError>) -> Self {
        if error.is_transient() {
            return Self::new(
                ErrorCode::Unavailable,
                "the database can not be reached right now",
            )
            .retry_after(RETRY_AFTER)
            .caused_by(error);
        }
        Self::internal(error)
    }
}
