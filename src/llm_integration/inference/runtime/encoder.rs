//! From texts to tokens, cut where a model's limit is.

use tokenizers::{
    EncodeInput, Encoding, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy,
};

use crate::llm_integration::inference::model::{Input, ModelSpec};

/// Texts from which on all processors make tokens of them.
const MANY: usize = 32;

/// A model's tokenizer.
#[derive(Debug)]
pub struct Encoder(Tokenizer);

/// The tokens of one request's texts.
#[derive(Debug, Default)]
pub struct Encoded {
    pub inputs: Vec<Input>,
    pub tokens: u64,
    /// Positions of texts that were cut.
    pub cut: Vec<usize>,
}

impl Encoder {
    /// # Errors
    /// Says why the file is no tokenizer, or none for this limit.
    pub fn load(spec: &ModelSpec) -> Result<Self, String> {
        let unusable = |error: tokenizers::Error| format!("tokenizer.json: {error}");
        let mut tokenizer = Tokenizer::from_file(&spec.tokenizer).map_err(unusable)?;
        let truncation = TruncationParams {
            direction: TruncationDirection::Right,
            max_length: spec.max_tokens,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(unusable)?
            .with_padding(None);
        Ok(Self(tokenizer))
    }

    /// The tokens of each text, after `prefix`.
    ///
    /// # Errors
    /// When the tokenizer has no word for something, not even for what it does not know.
    pub fn texts(&self, prefix: &str, texts: Vec<String>) -> Result<Encoded, String> {
        let with_prefix = |text: String| {
            if prefix.is_empty() {
                text
            } else {
                format!("{prefix}{text}")
            }
        };
        self.encode(texts.into_iter().map(with_prefix).collect())
    }

    /// The tokens of the query with each document.
    ///
    /// # Errors
    /// As [`Encoder::texts`].
    pub fn pairs(&self, query: &str, documents: Vec<String>) -> Result<Encoded, String> {
        let pairs = documents
            .into_iter()
            .map(|document| (query.to_owned(), document));
        self.encode(pairs.collect())
    }

    fn encode<'s, E>(&self, inputs: Vec<E>) -> Result<Encoded, String>
    where
        E: Into<EncodeInput<'s>> + Send,
    {
        let encodings = if inputs.len() < MANY {
            let each = inputs
                .into_iter()
                .map(|input| self.0.encode_fast(input, true));
            each.collect()
        } else {
            self.0.encode_batch_fast(inputs, true)
        };
        let encodings: Vec<Encoding> =
            encodings.map_err(|error| format!("its tokenizer failed: {error}"))?;
        let mut encoded = Encoded::default();
        for (at, encoding) in encodings.iter().enumerate() {
            encoded.tokens += encoding.len() as u64;
            if !encoding.get_overflowing().is_empty() {
                encoded.cut.push(at);
            }
            encoded.inputs.push(Input {
                ids: encoding.get_ids().to_vec(),
                kinds: encoding.get_type_ids().to_vec(),
            });
        }
        Ok(encoded)
    }
}
