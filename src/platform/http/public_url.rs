//! Where clients reach this server: for addresses that stand in answers.

use actix_web::HttpRequest;

use super::ServerSettings;

/// The configured address, or else the one that a request came to.
#[derive(Clone, Debug)]
pub struct PublicUrl(Option<String>);

impl PublicUrl {
    pub fn new(settings: &ServerSettings) -> Self {
        let configured = settings.public_url.trim_end_matches('/');
        Self(Some(configured.to_owned()).filter(|url| !url.is_empty()))
    }

    /// The address of `path`, which begins with a slash, for whoever sent `request`.
    pub fn of(&self, request: &HttpRequest, path: &str) -> String {
        if let Some(base) = &self.0 {
            return format!("{base}{path}");
        }
        let connection = request.connection_info();
        format!("{}://{}{path}", connection.scheme(), connection.host())
    }
}
