//! Usage that came by the names of its classes, as traces report and keep it.

use std::collections::BTreeMap;

use super::Usage;

impl Usage {
    /// The inverse of [`Usage::details`]; `None` when a class with units is not one of ours, which
    /// then has no price either.
    pub fn of_details(details: &BTreeMap<String, u64>) -> Option<Self> {
        let mut usage = Self::default();
        let mut sum = 0_u64;
        for (class, units) in details.iter().filter(|(_, units)| **units > 0) {
            let place = match class.as_str() {
                "input" => &mut usage.input,
                "input_cached_tokens" => &mut usage.input_cached,
                "input_cache_write_tokens" => &mut usage.input_cache_write,
                "input_cache_write_1h_tokens" => &mut usage.input_cache_write_1h,
                "input_audio_tokens" => &mut usage.input_audio,
                "input_audio_cached_tokens" => &mut usage.input_audio_cached,
                "input_image_tokens" => &mut usage.input_image,
                "output" => &mut usage.output,
                "output_reasoning_tokens" => &mut usage.output_reasoning,
                "output_audio_tokens" => &mut usage.output_audio,
                "output_image_tokens" => &mut usage.output_image,
                "web_searches" => &mut usage.web_searches,
                "total" => continue,
                _ => return None,
            };
            *place = *units;
            sum = sum.saturating_add(*units);
        }
        usage.total = details.get("total").copied().unwrap_or(sum);
        Some(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_come_back_as_the_usage_they_were_made_of() {
        let usage = Usage {
            input: 5,
            input_cached: 2,
            output: 3,
            output_reasoning: 1,
            total: 11,
            ..Usage::default()
        };
        assert_eq!(Usage::of_details(&usage.details()), Some(usage));
        let unknown = BTreeMap::from([("characters".to_owned(), 1)]);
        assert_eq!(Usage::of_details(&unknown), None);
    }
}
