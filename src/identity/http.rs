//! The endpoints of identity: the project a key belongs to, its keys and its members.

use actix_web::{HttpResponse, Responder, delete, get, http::StatusCode, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiKey, Identity, KeyPair, Member, NewKey, Project};
use crate::{
    kernel::{ErrorCode, Failure, Permission, Permissions, Role},
    platform::http::{Endpoints, ErrorBody, Granted, may, path_id},
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(get_project)
        .service(create_key)
        .service(list_keys)
        .service(revoke_key)
        .service(list_members)
        .service(set_member)
        .service(remove_member);
}

#[derive(Serialize, ToSchema)]
struct ProjectBody {
    id: String,
    name: String,
    organization_id: String,
    organization_name: String,
    created_at: DateTime<Utc>,
}

impl From<Project> for ProjectBody {
    fn from(project: Project) -> Self {
        let Project {
            id,
            name,
            organization,
            created_at,
        } = project;
        Self {
            id: id.to_string(),
            name,
            organization_id: organization.id.to_string(),
            organization_name: organization.name,
            created_at: created_at.into(),
        }
    }
}

/// A key without its secret.
#[derive(Serialize, ToSchema)]
struct KeyBody {
    id: String,
    name: String,
    public_key: String,
    /// The last characters of the secret, to recognise it by.
    secret_hint: String,
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<ApiKey> for KeyBody {
    fn from(key: ApiKey) -> Self {
        let ApiKey {
            id,
            name,
            public_key,
            secret_hint,
            scopes,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        } = key;
        Self {
            id: id.to_string(),
            name,
            public_key,
            secret_hint,
            scopes: scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            created_at: created_at.into(),
            expires_at: expires_at.map(Into::into),
            last_used_at: last_used_at.map(Into::into),
            revoked_at: revoked_at.map(Into::into),
        }
    }
}

/// A new key. The secret is in no other answer.
#[derive(Serialize, ToSchema)]
struct CreatedKeyBody {
    #[serde(flatten)]
    key: KeyBody,
    secret_key: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateKeyBody {
    /// 1 to 255 characters.
    name: String,
    /// Permissions such as `prompts:read`; those of a member when absent.
    scopes: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
}

impl CreateKeyBody {
    fn parse(self) -> Result<NewKey, Failure> {
        let invalid = |message| Failure::new(ErrorCode::InvalidRequest, message);
        let scopes = match self.scopes {
            None => Role::Member.permissions(),
            Some(names) => names
                .iter()
                .map(|name| name.parse::<Permission>().map_err(invalid))
                .collect::<Result<Permissions, _>>()?,
        };
        Ok(NewKey {
            name: self.name,
            scopes,
            expires_at: self.expires_at.map(Into::into),
        })
    }
}

/// The project that the key in use belongs to.
#[utoipa::path(tag = "identity", security(("api_key" = [])), responses((status = OK, body = ProjectBody)))]
#[get("/api/v1/project")]
async fn get_project(
    granted: Granted<may::ProjectRead>,
    identity: web::Data<Identity>,
) -> Result<impl Responder, Failure> {
    let project = identity.get_project(&granted.actor).await?;
    Ok(web::Json(ProjectBody::from(project)))
}

/// Creates a key pair; the answer is the only place where its secret is shown.
#[utoipa::path(tag = "identity", security(("api_key" = [])), request_body = CreateKeyBody,
    responses((status = CREATED, body = CreatedKeyBody), (status = BAD_REQUEST, body = ErrorBody)))]
#[post("/api/v1/keys")]
async fn create_key(
    granted: Granted<may::KeysManage>,
    identity: web::Data<Identity>,
    body: web::Json<CreateKeyBody>,
) -> Result<impl Responder, Failure> {
    let (key, KeyPair { secret, .. }) = identity
        .create_key(&granted.actor, body.into_inner().parse()?)
        .await?;
    let body = CreatedKeyBody {
        key: key.into(),
        secret_key: secret.expose().to_owned(),
    };
    Ok(web::Json(body).customize().with_status(StatusCode::CREATED))
}

/// The project's keys, oldest first, revoked ones included.
#[utoipa::path(tag = "identity", security(("api_key" = [])), responses((status = OK, body = Vec<KeyBody>)))]
#[get("/api/v1/keys")]
async fn list_keys(
    granted: Granted<may::KeysManage>,
    identity: web::Data<Identity>,
) -> Result<impl Responder, Failure> {
    let keys = identity.list_keys(&granted.actor).await?;
    Ok(web::Json(
        keys.into_iter().map(KeyBody::from).collect::<Vec<_>>(),
    ))
}

/// Revokes a key: within seconds no replica accepts it.
#[utoipa::path(tag = "identity", security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody)))]
#[delete("/api/v1/keys/{id}")]
async fn revoke_key(
    granted: Granted<may::KeysManage>,
    identity: web::Data<Identity>,
    id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    identity
        .revoke_key(&granted.actor, path_id("API key", &id)?)
        .await?;
    Ok(HttpResponse::NoContent())
}

#[derive(Serialize, ToSchema)]
struct MemberBody {
    user_id: String,
    email: String,
    name: String,
    role: String,
    since: DateTime<Utc>,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        let Member { user, role, since } = member;
        Self {
            user_id: user.id.to_string(),
            email: user.email,
            name: user.name,
            role: role.name().to_owned(),
            since: since.into(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetMemberBody {
    email: String,
    /// Used when the person is not known yet.
    name: Option<String>,
    /// `owner`, `admin`, `member` or `viewer`.
    role: String,
}

/// The project's members, by e-mail address.
#[utoipa::path(tag = "identity", security(("api_key" = [])), responses((status = OK, body = Vec<MemberBody>)))]
#[get("/api/v1/members")]
async fn list_members(
    granted: Granted<may::ProjectRead>,
    identity: web::Data<Identity>,
) -> Result<impl Responder, Failure> {
    let members = identity.list_members(&granted.actor).await?;
    Ok(web::Json(
        members
            .into_iter()
            .map(MemberBody::from)
            .collect::<Vec<_>>(),
    ))
}

/// Adds a member, or changes a member's role.
#[utoipa::path(tag = "identity", security(("api_key" = [])), request_body = SetMemberBody,
    responses((status = OK, body = MemberBody), (status = CONFLICT, body = ErrorBody)))]
#[put("/api/v1/members")]
async fn set_member(
    granted: Granted<may::MembersManage>,
    identity: web::Data<Identity>,
    body: web::Json<SetMemberBody>,
) -> Result<impl Responder, Failure> {
    let SetMemberBody { email, name, role } = body.into_inner();
    let role = role
        .parse()
        .map_err(|message: String| Failure::new(ErrorCode::InvalidRequest, message))?;
    let member = identity
        .set_member(&granted.actor, &email, name.as_deref(), role)
        .await?;
    Ok(web::Json(MemberBody::from(member)))
}

/// Removes a member; the last owner stays.
#[utoipa::path(tag = "identity", security(("api_key" = [])), params(("user_id" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorBody), (status = CONFLICT, body = ErrorBody)))]
#[delete("/api/v1/members/{user_id}")]
async fn remove_member(
    granted: Granted<may::MembersManage>,
    identity: web::Data<Identity>,
    user_id: web::Path<String>,
) -> Result<impl Responder, Failure> {
    identity
        .remove_member(&granted.actor, path_id("member", &user_id)?)
        .await?;
    Ok(HttpResponse::NoContent())
}
