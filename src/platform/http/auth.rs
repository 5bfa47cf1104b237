//! Who is asking: credentials in any of three vendors' headers become one [`Actor`], and a handler's
//! signature says which permission it needs.

use std::{marker::PhantomData, sync::Arc};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::{Payload, ServiceRequest},
    http::header::{AUTHORIZATION, HeaderMap},
    web,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::{BoxFuture, Ready, ready};

use crate::{
    kernel::{Actor, ErrorCode, Failure, Permission, ProjectId},
    platform::config::SecretText,
};

/// What the paths of endpoints that name their project call it: its id, or the name that an operator gave it.
const PROJECT_IN_PATH: &str = "project_id";

/// An API key as a client presents it.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `pk-…`; only HTTP Basic carries it.
    pub public_key: Option<String>,
    /// `sk-…`
    pub secret_key: SecretText,
}

/// Turns credentials into an actor. `identity` implements it; handlers only see [`Granted`].
pub trait Authenticate: Send + Sync {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, Result<Actor, Failure>>;
}

impl Credentials {
    /// Reads Basic `pk:sk` (Langfuse), Bearer `sk` (OpenAI), `x-api-key: sk` (Anthropic) or
    /// `api_key: sk` (exporters of OpenInference).
    ///
    /// # Errors
    /// `unauthenticated`, with the three forms that are understood.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, Failure> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::trim)
        };
        let authorization = text(AUTHORIZATION.as_str()).unwrap_or_default();
        // Exporters of OpenTelemetry take headers URL-encoded, and some pass them on as they are.
        let parts = authorization
            .split_once(' ')
            .or_else(|| authorization.split_once("%20"));
        let (scheme, rest) = parts.unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            let pair = STANDARD
                .decode(rest.trim())
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some((public, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
                let public_key = Some(public.to_owned());
                return Ok(Self {
                    public_key,
                    secret_key: SecretText::new(secret),
                });
            }
        }
        let bearer = Some(rest.trim())
            .filter(|rest| scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty());
        match bearer
            .or_else(|| text("x-api-key"))
            .or_else(|| text("api_key"))
        {
            Some(secret) => Ok(Self {
                public_key: None,
                secret_key: SecretText::new(secret),
            }),
            None => Err(Failure::new(
                ErrorCode::Unauthenticated,
                "no API key came with the request; send it as `Authorization: Basic base64(pk:sk)`, \
                 `Authorization: Bearer sk-...` or `x-api-key: sk-...`",
            )),
        }
    }
}

/// A permission as a type, so that it can stand in a handler's signature.
pub trait Requires {
    const PERMISSION: Permission;
}

/// One type for each permission: `Granted<may::PromptsWrite>`.
pub mod may {
    use super::{Permission, Requires};

    macro_rules! permission_types {
        ($($name:ident),+ $(,)?) => {$(
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}
            impl Requires for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+};
    }
    permission_types!(
        DocumentsRead,
        DocumentsWrite,
        DocumentsManage,
        PromptsRead,
        PromptsWrite,
        PromptsProtect,
        GatewayCall,
        TracesRead,
        TracesWrite,
        TracesManage,
        JobsRead,
        JobsManage,
        ProjectRead,
        KeysManage,
        MembersManage,
        ProvidersManage,
        LimitsManage,
        PricesManage,
        RoutesManage,
        GuardrailsManage,
        CacheManage,
    );
}

/// The caller, once its key is known and holds permission `P`.
pub struct Granted<P> {
    pub actor: Actor,
    permission: PhantomData<fn() -> P>,
}

impl<P: Requires + 'static> FromRequest for Granted<P> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let granted = caller(request).and_then(|actor| {
            require_own_project(request, &actor)?;
            actor.require(P::PERMISSION)?;
            Ok(Self {
                actor,
                permission: PhantomData,
            })
        });
        ready(granted)
    }
}

/// Who the shell found behind the request's credentials.
#[derive(Clone)]
struct Caller(Result<Actor, Failure>);

/// Finds out who is asking, before anything of the body is read: a caller without a valid key learns
/// that, and nothing about its body. Handlers see it through [`Granted`].
///
/// # Panics
/// When the server was built without an authenticator.
pub(super) async fn identify(request: &ServiceRequest) {
    let authenticator = request
        .app_data::<web::Data<Arc<dyn Authenticate>>>()
        .expect("the server is built with an authenticator");
    let found = match Credentials::from_headers(request.headers()) {
        Ok(credentials) => authenticator.authenticate(credentials).await,
        Err(failure) => Err(failure),
    };
    request.extensions_mut().insert(Caller(found));
}

/// A path that names a project names the caller's own: every other one is unknown to its key.
fn require_own_project(request: &HttpRequest, actor: &Actor) -> Result<(), Failure> {
    match request.match_info().get(PROJECT_IN_PATH) {
        Some(named) if ProjectId::from_name(named) != actor.project => Err(Failure::new(
            ErrorCode::NotFound,
            format!("this key belongs to no project `{named}`"),
        )),
        _ => Ok(()),
    }
}

/// The actor behind a request.
pub(super) fn caller(request: &HttpRequest) -> Result<Actor, Failure> {
    let found = request.extensions().get::<Caller>().cloned();
    found.map_or_else(
        || {
            Err(Failure::new(
                ErrorCode::Internal,
                "the caller was not identified",
            ))
        },
        |caller| caller.0,
    )
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(name: &'static str, value: &str) -> Result<(Option<String>, String), Failure> {
        let mut headers = HeaderMap::new();
        let name = actix_web::http::header::HeaderName::from_static(name);
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        Credentials::from_headers(&headers)
            .map(|c| (c.public_key, c.secret_key.expose().to_owned()))
    }

    #[test]
    fn three_vendors_headers_give_the_same_key() {
        let secret = || "sk-1".to_owned();
        assert_eq!(
            read("authorization", "Bearer sk-1").unwrap(),
            (None, secret())
        );
        assert_eq!(read("x-api-key", "sk-1").unwrap(), (None, secret()));
        let basic = format!("Basic {}", STANDARD.encode("pk-1:sk-1"));
        assert_eq!(
            read("authorization", &basic).unwrap(),
            (Some("pk-1".to_owned()), secret())
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for value in ["", "Bearer", "Bearer ", "Basic !!!", "Digest x"] {
            let failure = read("authorization", value).unwrap_err();
            assert_eq!(failure.code, ErrorCode::Unauthenticated, "{value:?}");
        }
    }
}
