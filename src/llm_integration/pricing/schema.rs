//! The table of a project's own prices. Private: no other module can join it.

use crate::platform::db::{DbInstant, DbUuid};

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::{DbInstant, DbUuid};

    /// Amounts are 1e-9 US dollars for a million tokens.
    llm_price (project_id, model) {
        project_id -> DbUuid,
        model -> Text,
        input -> BigInt,
        output -> BigInt,
        cached_input -> Nullable<BigInt>,
        cache_write -> Nullable<BigInt>,
        audio_input -> Nullable<BigInt>,
        audio_output -> Nullable<BigInt>,
        updated_at -> DbInstant,
    }
}
