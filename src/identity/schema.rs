//! Identity's own tables; private, so that no other context can join them.

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    identity_organization (id) {
        id -> DbUuid,
        name -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    identity_project (id) {
        id -> DbUuid,
        organization_id -> DbUuid,
        name -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::platform::db::{DbInstant, DbUuid};

    identity_user (id) {
        id -> DbUuid,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::platform::db::{DbInstant, DbUuid};

    identity_membership (project_id, user_id) {
        project_id -> DbUuid,
        user_id -> DbUuid,
        role -> Text,
        created_at -> DbInstant,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::platform::db::{DbInstant, DbJson, DbUuid};

    identity_api_key (id) {
        id -> DbUuid,
        project_id -> DbUuid,
        name -> Text,
        public_key -> Text,
        secret_hash -> Binary,
        secret_hint -> Text,
        scopes -> DbJson,
        created_at -> DbInstant,
        expires_at -> Nullable<DbInstant>,
        last_used_at -> Nullable<DbInstant>,
        revoked_at -> Nullable<DbInstant>,
    }
}

diesel::joinable!(identity_project -> identity_organization (organization_id));
diesel::joinable!(identity_membership -> identity_user (user_id));
diesel::joinable!(identity_api_key -> identity_project (project_id));
diesel::allow_tables_to_appear_in_same_query!(
    identity_organization,
    identity_project,
    identity_api_key
);
diesel::allow_tables_to_appear_in_same_query!(identity_user, identity_membership);
