//! Rows and queries of identity: the only file of the context with SQL.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable,
    SelectableHelper,
};
use serde_json::Value;

use super::{
    ApiKey, Member, Organization, Project, User,
    schema::{
        identity_api_key, identity_membership, identity_organization, identity_project,
        identity_user,
    },
};
use crate::{
    kernel::{
        ApiKeyId, OrganizationId, Permission, Permissions, ProjectId, Role, Timestamp, UserId,
    },
    platform::db::{Conn, DbError, JsonColumn, each_backend},
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_api_key)]
struct KeyRow {
    id: ApiKeyId,
    name: String,
    public_key: String,
    secret_hint: String,
    scopes: JsonColumn,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = DbError;

    fn try_from(row: KeyRow) -> Result<Self, DbError> {
        let KeyRow {
            id,
            name,
            public_key,
            secret_hint,
            scopes,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        } = row;
        let scopes = serde_json::from_value::<Vec<Permission>>(scopes.0)
            .map_err(|error| DbError::Corrupt {
                what: format!("scopes of API key {id}: {error}"),
            })?
            .into_iter()
            .collect();
        Ok(Self {
            id,
            name,
            public_key,
            secret_hint,
            scopes,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = identity_api_key)]
struct NewKeyRow<'a> {
    id: ApiKeyId,
    project_id: ProjectId,
    name: &'a str,
    public_key: &'a str,
    secret_hash: &'a [u8],
    secret_hint: &'a str,
    scopes: JsonColumn,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

fn scopes_json(scopes: Permissions) -> JsonColumn {
    JsonColumn(Value::from(
        scopes.iter().map(Permission::name).collect::<Vec<_>>(),
    ))
}

/// A key that was found by its secret, with the project it belongs to.
pub(super) struct KeyOwner {
    pub key: ApiKey,
    pub project: ProjectId,
    pub organization: OrganizationId,
}

pub(super) fn key_by_hash(conn: &mut Conn, hash: &[u8]) -> Result<Option<KeyOwner>, DbError> {
    let found: Option<(KeyRow, ProjectId, OrganizationId)> = each_backend!(conn, |c| {
        identity_api_key::table
            .inner_join(identity_project::table)
            .filter(identity_api_key::secret_hash.eq(hash))
            .select((
                KeyRow::as_select(),
                identity_project::id,
                identity_project::organization_id,
            ))
            .first(c)
            .optional()
    })?;
    found
        .map(|(row, project, organization)| {
            Ok(KeyOwner {
                key: row.try_into()?,
                project,
                organization,
            })
        })
        .transpose()
}

pub(super) fn insert_key(
    conn: &mut Conn,
    project: ProjectId,
    key: &ApiKey,
    secret_hash: &[u8],
) -> Result<(), DbError> {
    let row = NewKeyRow {
        id: key.id,
        project_id: project,
        name: &key.name,
        public_key: &key.public_key,
        secret_hash,
        secret_hint: &key.secret_hint,
        scopes: scopes_json(key.scopes),
        created_at: key.created_at,
        expires_at: key.expires_at,
    };
    each_backend!(conn, |c| diesel::insert_into(identity_api_key::table)
        .values(&row)
        .execute(c))?;
    Ok(())
}

pub(super) fn list_keys(conn: &mut Conn, project: ProjectId) -> Result<Vec<ApiKey>, DbError> {
    let rows: Vec<KeyRow> = each_backend!(conn, |c| {
        identity_api_key::table
            .filter(identity_api_key::project_id.eq(project))
            .order(identity_api_key::id)
            .select(KeyRow::as_select())
            .load(c)
    })?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Whether there was such a key that was not revoked yet.
pub(super) fn revoke_key(
    conn: &mut Conn,
    project: ProjectId,
    id: ApiKeyId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let revoked = each_backend!(conn, |c| {
        diesel::update(identity_api_key::table)
            .filter(identity_api_key::id.eq(id))
            .filter(identity_api_key::project_id.eq(project))
            .filter(identity_api_key::revoked_at.is_null())
            .set(identity_api_key::revoked_at.eq(now))
            .execute(c)
    })?;
    Ok(revoked == 1)
}

pub(super) fn touch_key(conn: &mut Conn, id: ApiKeyId, now: Timestamp) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(identity_api_key::table.find(id))
            .set(identity_api_key::last_used_at.eq(now))
            .execute(c)
    })?;
    Ok(())
}

/// The project and the secret's hash of a public key.
pub(super) fn key_by_public(
    conn: &mut Conn,
    public_key: &str,
) -> Result<Option<(ApiKeyId, ProjectId, Vec<u8>)>, DbError> {
    Ok(each_backend!(conn, |c| {
        identity_api_key::table
            .filter(identity_api_key::public_key.eq(public_key))
            .select((
                identity_api_key::id,
                identity_api_key::project_id,
                identity_api_key::secret_hash,
            ))
            .first(c)
            .optional()
    })?)
}

pub(super) fn replace_secret(
    conn: &mut Conn,
    id: ApiKeyId,
    secret_hash: &[u8],
    hint: &str,
) -> Result<(), DbError> {
    each_backend!(conn, |c| {
        diesel::update(identity_api_key::table.find(id))
            .set((
                identity_api_key::secret_hash.eq(secret_hash),
                identity_api_key::secret_hint.eq(hint),
            ))
            .execute(c)
    })?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = identity_project)]
struct ProjectRow {
    id: ProjectId,
    name: String,
    created_at: Timestamp,
}

pub(super) fn projects(conn: &mut Conn, only: Option<ProjectId>) -> Result<Vec<Project>, DbError> {
    let rows: Vec<(ProjectRow, OrganizationId, String)> = each_backend!(conn, |c| {
        let mut query = identity_project::table
            .inner_join(identity_organization::table)
            .order((identity_project::created_at, identity_project::id))
            .select((
                ProjectRow::as_select(),
                identity_organization::id,
                identity_organization::name,
            ))
            .into_boxed();
        if let Some(id) = only {
            query = query.filter(identity_project::id.eq(id));
        }
        query.load(c)
    })?;
    let project = |(row, organization, organization_name)| {
        let ProjectRow {
            id,
            name,
            created_at,
        } = row;
        let organization = Organization {
            id: organization,
            name: organization_name,
        };
        Project {
            id,
            name,
            organization,
            created_at,
        }
    };
    Ok(rows.into_iter().map(project).collect())
}

/// Creates what does not exist yet of an organisation; whether it was created.
pub(super) fn ensure_organization(
    conn: &mut Conn,
    organization: &Organization,
    now: Timestamp,
) -> Result<bool, DbError> {
    use identity_organization as t;
    let values = (
        t::id.eq(organization.id),
        t::name.eq(&organization.name),
        t::created_at.eq(now),
    );
    let created = each_backend!(conn, |c| {
        diesel::insert_into(t::table)
            .values(values)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(created == 1)
}

pub(super) fn ensure_project(conn: &mut Conn, project: &Project) -> Result<bool, DbError> {
    use identity_project as t;
    let values = (
        t::id.eq(project.id),
        t::organization_id.eq(project.organization.id),
        t::name.eq(&project.name),
        t::created_at.eq(project.created_at),
    );
    let created = each_backend!(conn, |c| {
        diesel::insert_into(t::table)
            .values(values)
            .on_conflict_do_nothing()
            .execute(c)
    })?;
    Ok(created == 1)
}

/// The id of the user with this e-mail address, who is created when there is none.
pub(super) fn ensure_user(
    conn: &mut Conn,
    user: &User,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<UserId, DbError> {
    use identity_user as t;
    let values = (
        t::id.eq(user.id),
        t::email.eq(&user.email),
        t::name.eq(&user.name),
        t::password_hash.eq(password_hash),
        t::created_at.eq(now),
    );
    each_backend!(conn, |c| {
        diesel::insert_into(t::table)
            .values(values)
            .on_conflict_do_nothing()
            .execute(c)?;
        t::table
            .filter(t::email.eq(&user.email))
            .select(t::id)
            .first(c)
    })
    .map_err(DbError::from)
}

pub(super) fn set_member(
    conn: &mut Conn,
    project: ProjectId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<(), DbError> {
    use identity_membership as t;
    let values = (
        t::project_id.eq(project),
        t::user_id.eq(user),
        t::role.eq(role.name()),
        t::created_at.eq(now),
    );
    each_backend!(conn, |c| {
        diesel::insert_into(t::table)
            .values(values)
            .on_conflict((t::project_id, t::user_id))
            .do_update()
            .set(t::role.eq(role.name()))
            .execute(c)
    })?;
    Ok(())
}

/// Whether the user was a member.
pub(super) fn remove_member(
    conn: &mut Conn,
    project: ProjectId,
    user: UserId,
) -> Result<bool, DbError> {
    use identity_membership as t;
    let removed = each_backend!(conn, |c| diesel::delete(t::table.find((project, user)))
        .execute(c))?;
    Ok(removed == 1)
}

pub(super) fn members(conn: &mut Conn, project: ProjectId) -> Result<Vec<Member>, DbError> {
    let rows: Vec<(UserId, String, String, String, Timestamp)> = each_backend!(conn, |c| {
        identity_membership::table
            .inner_join(identity_user::table)
            .filter(identity_membership::project_id.eq(project))
            .order(identity_user::email)
            .select((
                identity_user::id,
                identity_user::email,
                identity_user::name,
                identity_membership::role,
                identity_membership::created_at,
            ))
            .load(c)
    })?;
    let member = |(id, email, name, role, since): (UserId, String, String, String, Timestamp)| {
        let role = role.parse().map_err(|what| DbError::Corrupt { what })?;
        Ok(Member {
            user: User { id, email, name },
            role,
            since,
        })
    };
    rows.into_iter().map(member).collect()
}

/// Locks the project's row, so that two changes of its members wait for one another.
pub(super) fn lock_project(conn: &mut Conn, project: ProjectId) -> Result<(), DbError> {
    use crate::platform::db::Backend;
    match conn.backend() {
        Backend::Pg(c) => {
            identity_project::table
                .find(project)
                .select(identity_project::id)
                .for_update()
                .first::<ProjectId>(c)?;
        }
        // The transaction is the only writer.
        Backend::Sqlite(_) => {}
    }
    Ok(())
}
