//! Numbered pages, as most of Langfuse's lists have them.

use serde::Serialize;
use utoipa::ToSchema;

use super::query::{Query, invalid};
use crate::kernel::{Failure, PageLimit};

/// Which page of how many.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LangfusePageMeta {
    page: u32,
    limit: u32,
    total_items: u64,
    total_pages: u64,
}

impl LangfusePageMeta {
    pub fn new(page: u32, limit: PageLimit, total_items: u64) -> Self {
        let limit = limit.get();
        Self {
            page,
            limit,
            total_items,
            total_pages: total_items.div_ceil(u64::from(limit)),
        }
    }
}

/// `page` (from 1) and `limit` of a list.
pub(super) fn page_of(query: &Query) -> Result<(u32, PageLimit), Failure> {
    let page: u32 = query.parsed("page")?.unwrap_or(1);
    if page == 0 {
        return Err(invalid("page", "pages start at 1"));
    }
    Ok((page, PageLimit::parse(query.parsed("limit")?)?))
}
