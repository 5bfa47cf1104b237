//! AWS Signature Version 4 over a request that is about to be sent.

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign as sign_http},
    sign::v4,
};
use reqwest::{Request, header::CONTENT_TYPE};

use super::adapter::{CredentialsError, secret_header};
use crate::kernel::Timestamp;

/// What a signature is valid for.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
}

/// Adds `authorization`, `x-amz-date` and, with a session token, `x-amz-security-token`. The host,
/// the path, the content type and the body are signed; proxies may add other headers.
pub(super) fn sign(
    request: &mut Request,
    body: &[u8],
    credentials: &Credentials,
    scope: Scope<'_>,
    now: Timestamp,
) -> Result<(), CredentialsError> {
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(now.as_datetime().into())
        .settings(SigningSettings::default())
        .build()
        .map_err(unsignable)?;
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| (CONTENT_TYPE.as_str(), value));
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.url().as_str(),
        content_type.into_iter(),
        SignableBody::Bytes(body),
    )
    .map_err(unsignable)?;
    let (instructions, _signature) = sign_http(signable, &params.into())
        .map_err(unsignable)?
        .into_parts();
    let (headers, _query) = instructions.into_parts();
    for header in headers {
        let value = secret_header(header.value())?;
        request.headers_mut().insert(header.name(), value);
    }
    Ok(())
}

fn unsignable(error: impl std::error::Error + Send + Sync + 'static) -> CredentialsError {
    CredentialsError::Unsignable(Box::new(error))
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, header::HeaderValue};

    use super::*;

    /// The signature that botocore 1.44.5 makes of the same request.
    #[test]
    fn a_signature_is_the_one_that_the_reference_makes() {
        let url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/\
                   us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream";
        let mut request = Request::new(Method::POST, url.parse().unwrap());
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let token = Some("session/token==".to_owned());
        let credentials = Credentials::new("AKIDEXAMPLE", secret, token, None, "test");
        let scope = Scope {
            region: "eu-west-1",
            service: "bedrock",
        };
        let now = Timestamp::from_unix_micros(1_784_000_000_000_000).unwrap();
        sign(
            &mut request,
            br#"{"messages":[]}"#,
            &credentials,
            scope,
            now,
        )
        .unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!(header("x-amz-date"), "20260714T033320Z");
        assert_eq!(header("x-amz-security-token"), "session/token==");
        assert_eq!(
            header("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260714/eu-west-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=f66c3169fd6fdb0fc09474087caf66282ac35edcf7d66ca81f4dcd8d75629678"
        );
        assert!(request.headers()["authorization"].is_sensitive());
    }
}
