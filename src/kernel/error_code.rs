//! The one table of error codes: what clients may match on, and the HTTP status each stands for.

/// What kind of failure it is; each has one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Invalid,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    TooLarge,
    UriTooLong,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    Unprocessable,
    RateLimited,
    HeadersTooLarge,
    Internal,
    Upstream,
    Unavailable,
    Timeout,
}

impl Category {
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UriTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::RangeNotSatisfiable => 416,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Upstream => 502,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }
}

macro_rules! error_codes {
    ($($variant:ident = $name:literal, $category:ident, $doc:literal;)+) => {
        /// A stable, documented reason for a failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $doc] $variant,)+ }

        impl ErrorCode {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The snake_case name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category),+ }
            }

            /// One sentence on what it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc),+ }
            }
        }
    };
}

error_codes! {
    // every surface
    InvalidRequest = "invalid_request", Invalid, "The request is malformed or a value is out of its range.";
    Unauthenticated = "unauthenticated", Unauthenticated, "No valid API key came with the request.";
    Forbidden = "forbidden", Forbidden, "The key lacks the permission this needs.";
    NotFound = "not_found", NotFound, "Nothing with that name or id exists in this project.";
    MethodNotAllowed = "method_not_allowed", MethodNotAllowed, "The path exists, but not with this method.";
    PayloadTooLarge = "payload_too_large", TooLarge, "The body is larger than the limit.";
    UriTooLong = "uri_too_long", UriTooLong, "The URL is longer than the limit.";
    HeadersTooLarge = "headers_too_large", HeadersTooLarge, "The headers together are larger than the limit.";
    UnsupportedMediaType = "unsupported_media_type", UnsupportedMediaType, "The body's content type is not one this endpoint reads.";
    Overloaded = "overloaded", RateLimited, "Too many requests are in flight; try again after the time given.";
    Timeout = "timeout", Timeout, "The request took longer than the limit.";
    Unavailable = "unavailable", Unavailable, "A component that this needs is not available right now.";
    Internal = "internal", Internal, "An unexpected failure; the request id finds it in the log.";
    // idempotency
    IdempotencyKeyReused = "idempotency_key_reused", Unprocessable, "The idempotency key was used before with another request.";
    IdempotencyInFlight = "idempotency_in_flight", Conflict, "A request with this idempotency key is still running.";
    // identity
    LastOwner = "last_owner", Conflict, "A project needs at least one owner.";
    // jobs
    JobNotRetryable = "job_not_retryable", Conflict, "Only a job that is dead or cancelled can be retried.";
    JobNotCancellable = "job_not_cancellable", Conflict, "A job that has ended can not be cancelled.";
    // prompts
    PromptInvalid = "prompt_invalid", Invalid, "The prompt, its name, labels or template is not valid.";
    PromptTypeMismatch = "prompt_type_mismatch", Invalid, "A prompt keeps the type of its first version.";
    PromptLabelReserved = "prompt_label_reserved", Invalid, "`latest` is kept by the server and can not be set.";
    PromptLabelProtected = "prompt_label_protected", Forbidden, "The label is protected; an admin's key can move it.";
    PromptReferenceMissing = "prompt_reference_missing", Unprocessable, "A prompt refers to one that does not exist.";
    PromptReferenceCycle = "prompt_reference_cycle", Unprocessable, "Prompts refer to each other in a circle.";
    PromptReferenceDepth = "prompt_reference_depth", Unprocessable, "References are nested deeper than the limit.";
    PromptArchived = "prompt_archived", Conflict, "The prompt is archived; restore it before changing it.";
    PromptReferenced = "prompt_referenced", Conflict, "Other prompts refer to it, so it can not be deleted.";
    PromptVariablesMissing = "prompt_variables_missing", Unprocessable, "Values for required variables are missing.";
    // documents
    DocumentInvalid = "document_invalid", Invalid, "The document's metadata, folder, tags or form is not valid.";
    DocumentKindUnsupported = "document_kind_unsupported", UnsupportedMediaType, "The file is of no kind that is read.";
    DocumentQuotaExceeded = "document_quota_exceeded", Forbidden, "The project holds as many documents or bytes as it may.";
    DocumentRangeInvalid = "document_range_invalid", RangeNotSatisfiable, "The file has none of the bytes that were asked for.";
    DocumentPageNotDrawn = "document_page_not_drawn", Unprocessable, "The page can not be drawn.";
    DocumentBusy = "document_busy", Conflict, "The version is being read or indexed, or has been already.";
    NoteUnproved = "note_unproved", Unprocessable, "The model wrote no sentence that the documents prove.";
    NoteChanged = "note_changed", Conflict, "The note has another version than the one that was edited.";
    DocumentEnded = "document_ended", Conflict, "Nothing is being done with the version that could be cancelled.";
    // search
    SearchInvalid = "search_invalid", Invalid, "The query, a filter, a labelled query or a search setting is not valid.";
    SearchSettingLoses = "search_setting_loses", Conflict, "The setting can not be promoted: it was not shown not to lose.";
    SearchSettingBusy = "search_setting_busy", Conflict, "The setting is not in a state in which this can be done with it.";
    // gateway
    ModelNotFound = "model_not_found", NotFound, "No provider offers this model.";
    ProviderNotConfigured = "provider_not_configured", NotFound, "No provider is configured that could offer the model; trying again does not help.";
    ProviderFailed = "provider_failed", Upstream, "The model provider could not be reached or broke off.";
    ProviderUnavailable = "provider_unavailable", Unavailable, "The model provider failed lately and is left alone for a moment; try again after the time given.";
    ProviderTimeout = "provider_timeout", Timeout, "The model provider did not answer in time.";
    RateLimitExceeded = "rate_limit_exceeded", RateLimited, "A limit of requests or tokens is reached; try again after the time given.";
    InsufficientQuota = "insufficient_quota", RateLimited, "A budget is used up; trying again does not help.";
    ModelNotAllowed = "model_not_allowed", Forbidden, "The key's policy does not allow this model or route.";
    PriceUnknown = "price_unknown", Forbidden, "A budget applies, and the model has no price to count it with.";
    LimitInvalid = "limit_invalid", Invalid, "The limit or the key's policy is not valid.";
    LimitExists = "limit_exists", Conflict, "The subject has a limit of this unit and window already.";
    ProviderInvalid = "provider_invalid", Invalid, "The description of the provider is not valid.";
    ProviderKeysOff = "provider_keys_off", Conflict, "The operator has set no master key, so keys of providers can not be stored.";
    GuardrailBlocked = "guardrail_blocked", Invalid, "A guardrail of the project does not let the call pass; trying again does not help.";
    GuardrailInvalid = "guardrail_invalid", Invalid, "The guardrail is not valid.";
    GuardrailExists = "guardrail_exists", Conflict, "The project has a guardrail of this name already.";
    PriceInvalid = "price_invalid", Invalid, "The price entry is not valid.";
    RouteInvalid = "route_invalid", Invalid, "The route, or one that it leads to, is not valid.";
    RouteChanged = "route_changed", Conflict, "The route has another version than the one that was to be replaced.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_snake_case() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
