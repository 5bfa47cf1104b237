//! The classes of usage that have a price of their own, and the names they go by.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX_OWN_CHARS: usize = 100;
/// What stands before the name of a class that is not one of ours.
const OWN_PREFIX: &str = "usage:";

macro_rules! classes {
    ($($variant:ident = $price:literal, $usage:literal, [$($alias:literal),*];)+) => {
        /// A kind of unit that is counted and paid for.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Class {
            $($variant,)+
            /// One that somebody reports under a name of their own.
            Own(String),
        }

        impl Class {
            const PRICE_NAMES: &[&str] = &[$($price),+];

            /// The class of a price, as the price table names it.
            fn known(price_name: &str) -> Option<Self> {
                match price_name { $($price => Some(Self::$variant),)+ _ => None }
            }

            /// As a price table names it.
            pub fn price_name(&self) -> &str {
                match self { $(Self::$variant => $price,)+ Self::Own(name) => name }
            }

            /// As an observation's usage names it.
            pub fn usage_name(&self) -> &str {
                match self { $(Self::$variant => $usage,)+ Self::Own(name) => name }
            }

            /// Exactly this name of usage: an alias stays a class of its own.
            pub fn named(usage_name: &str) -> Self {
                match usage_name {
                    $($usage => Self::$variant,)+
                    other => Self::Own(other.to_owned()),
                }
            }

            /// What a name in somebody's usage means, aliases included.
            pub fn of_usage(name: &str) -> Self {
                match name {
                    $($usage $(| $alias)* => Self::$variant,)+
                    other => Self::Own(other.to_owned()),
                }
            }

            /// Other names under which this class is reported.
            pub const fn aliases(&self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)+ Self::Own(_) => &[] }
            }
        }
    };
}

// The name in price tables, the name in usage (Langfuse's for OpenAI), other names in the field.
classes! {
    Input = "input", "input", ["input_tokens", "prompt_tokens"];
    CachedInput = "cached_input", "input_cached_tokens",
        ["cache_read_input_tokens", "input_cache_read", "input_cached", "cached_tokens"];
    CacheWrite = "cache_write", "input_cache_write_tokens",
        ["cache_creation_input_tokens", "input_cache_creation", "input_cache_creation_5m"];
    CacheWrite1h = "cache_write_1h", "input_cache_write_1h_tokens", ["input_cache_creation_1h"];
    AudioInput = "audio_input", "input_audio_tokens", ["input_audio"];
    CachedAudioInput = "cached_audio_input", "input_audio_cached_tokens", [];
    ImageInput = "image_input", "input_image_tokens", ["input_image"];
    Output = "output", "output", ["output_tokens", "completion_tokens"];
    Reasoning = "reasoning", "output_reasoning_tokens", ["output_reasoning", "reasoning_tokens"];
    AudioOutput = "audio_output", "output_audio_tokens", ["output_audio"];
    ImageOutput = "image_output", "output_image_tokens", ["output_image"];
    WebSearch = "web_search", "web_searches", ["web_search_requests"];
    Request = "request", "requests", ["request"];
    Image = "image", "images", ["image"];
    Second = "second", "seconds", ["second"];
    Total = "total", "total", ["total_tokens"];
}

impl Class {
    /// Counted in something else than tokens: a tier without its price charges the usual one.
    pub const fn is_unit(&self) -> bool {
        matches!(
            self,
            Self::WebSearch | Self::Request | Self::Image | Self::Second
        )
    }

    /// What a model reads, for prices that depend on how long its input is.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Input
            | Self::CachedInput
            | Self::CacheWrite
            | Self::CacheWrite1h
            | Self::AudioInput
            | Self::CachedAudioInput
            | Self::ImageInput => true,
            Self::Own(name) => name.starts_with("input"),
            _ => false,
        }
    }

    /// The class whose price counts where this one has none: a vendor without a discount for
    /// what it read from its cache charges it as other input.
    pub const fn priced_as(&self) -> Option<Self> {
        match self {
            Self::CachedInput | Self::CacheWrite | Self::CacheWrite1h | Self::ImageInput => {
                Some(Self::Input)
            }
            Self::CachedAudioInput => Some(Self::AudioInput),
            Self::Reasoning => Some(Self::Output),
            _ => None,
        }
    }
}

impl FromStr for Class {
    type Err = String;
    /// The error says what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(class) = Self::known(text) {
            return Ok(class);
        }
        match text.strip_prefix(OWN_PREFIX) {
            Some(name) if (1..=MAX_OWN_CHARS).contains(&name.chars().count()) => {
                Ok(Self::Own(name.to_owned()))
            }
            _ => Err(format!(
                "`{text}` is no class of a price; there are {}, and `{OWN_PREFIX}<name>` for usage \
                 that is reported under a name of its own",
                Self::PRICE_NAMES.join(", ")
            )),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self, Self::Own(_)) {
            f.write_str(OWN_PREFIX)?;
        }
        f.write_str(self.price_name())
    }
}
impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_class_is_refused_and_an_own_one_says_that_it_is() {
        assert_eq!("cached_input".parse(), Ok(Class::CachedInput));
        assert_eq!("usage:pages".parse(), Ok(Class::Own("pages".into())));
        assert!(
            "cached_inputs"
                .parse::<Class>()
                .unwrap_err()
                .contains("cached_input,")
        );
        assert_eq!(
            Class::of_usage("cache_read_input_tokens"),
            Class::CachedInput
        );
    }
}
