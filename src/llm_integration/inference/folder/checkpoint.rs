//! What transformers and sentence-transformers write beside a model's weights, as far as it decides its vectors.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::llm_integration::inference::model::{Pooling, Scores};

/// What the files of a checkpoint say; `None` where they say nothing.
#[derive(Debug, Default)]
pub struct Checkpoint {
    pub is_classifier: bool,
    pub max_tokens: Option<usize>,
    pub padding_token: Option<u32>,
    pub pooling: Option<Pooling>,
    pub normalize: Option<bool>,
    pub dimension: Option<usize>,
    pub query_prefix: Option<String>,
    pub passage_prefix: Option<String>,
    pub scores: Option<Scores>,
}

/// `config.json`
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    architectures: Option<Vec<String>>,
    hidden_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    pad_token_id: Option<u32>,
    sentence_transformers: Option<CrossEncoder>,
    sbert_ce_default_activation_function: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CrossEncoder {
    activation_fn: Option<String>,
}

/// `tokenizer_config.json`; a tokenizer without a limit says 1e30.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerConfig {
    model_max_length: Option<Value>,
}

/// `sentence_bert_config.json`
#[derive(Default, Deserialize)]
#[serde(default)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

/// `config_sentence_transformers.json`
#[derive(Default, Deserialize)]
#[serde(default)]
struct Prompts {
    prompts: BTreeMap<String, String>,
}

/// One entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// `1_Pooling/config.json`, as it was written until and since sentence-transformers 6.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    #[serde(alias = "embedding_dimension")]
    word_embedding_dimension: Option<usize>,
    pooling_mode: Option<Value>,
    include_prompt: Option<bool>,
    #[serde(flatten)]
    modes: BTreeMap<String, Value>,
}

impl Checkpoint {
    /// # Errors
    /// Says what in which file can not be read, or what of it is not known here.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let config: Config = json(folder, "config.json")?.unwrap_or_default();
        let tokenizer: TokenizerConfig = json(folder, "tokenizer_config.json")?.unwrap_or_default();
        let sentence: SentenceConfig =
            json(folder, "sentence_bert_config.json")?.unwrap_or_default();
        let Prompts { mut prompts } =
            json(folder, "config_sentence_transformers.json")?.unwrap_or_default();
        let of_tokenizer = tokenizer.model_max_length.and_then(|limit| limit.as_u64());
        let of_tokenizer = of_tokenizer.and_then(|limit| usize::try_from(limit).ok());
        let limits = [of_tokenizer, config.max_position_embeddings];
        let activation = config
            .sentence_transformers
            .and_then(|own| own.activation_fn);
        let activation = activation.or(config.sbert_ce_default_activation_function);
        let architectures = config.architectures.unwrap_or_default();
        let mut passage =
            |names: [&str; 3]| names.into_iter().find_map(|name| prompts.remove(name));
        let mut checkpoint = Self {
            is_classifier: architectures
                .iter()
                .any(|name| name.ends_with("ForSequenceClassification")),
            max_tokens: sentence
                .max_seq_length
                .or_else(|| limits.into_iter().flatten().min()),
            padding_token: config.pad_token_id,
            dimension: config.hidden_size,
            query_prefix: passage(["query", "search_query", "s2p_query"]),
            passage_prefix: passage(["passage", "document", "search_document"]),
            scores: activation.as_deref().map(scores).transpose()?,
            ..Self::default()
        };
        if let Some(modules) = json::<Vec<Module>>(folder, "modules.json")? {
            checkpoint.read_modules(folder, &modules)?;
        }
        Ok(checkpoint)
    }

    /// The steps after the graph: pooling, and length 1.
    fn read_modules(&mut self, folder: &Path, modules: &[Module]) -> Result<(), String> {
        self.normalize = Some(false);
        for Module { path, kind } in modules {
            match kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" => {}
                "Normalize" => self.normalize = Some(true),
                "Pooling" => {
                    let file = format!("{path}/config.json");
                    let pooling: PoolingConfig = json(folder, &file)?.unwrap_or_default();
                    self.pooling = Some(pooling.mode().map_err(|why| format!("{file}: {why}"))?);
                    self.dimension = pooling.word_embedding_dimension.or(self.dimension);
                }
                other => {
                    return Err(format!(
                        "modules.json: `{other}` is not known here; export it into the graph, and say \
                         `pooling = \"none\"` in model.toml"
                    ));
                }
            }
        }
        Ok(())
    }
}

impl PoolingConfig {
    fn mode(&self) -> Result<Pooling, String> {
        const PREFIX: &str = "pooling_mode_";
        if self.include_prompt == Some(false) {
            return Err("leaving the prompt out of the pooling is not known here".to_owned());
        }
        let modes: Vec<&str> = match &self.pooling_mode {
            Some(Value::String(mode)) => vec![mode],
            Some(Value::Array(modes)) => modes.iter().filter_map(Value::as_str).collect(),
            Some(_) => return Err("`pooling_mode` must be a text".to_owned()),
            None => {
                let on = self.modes.iter().filter(|(_, value)| **value == true);
                on.filter_map(|(name, _)| name.strip_prefix(PREFIX))
                    .collect()
            }
        };
        match modes.as_slice() {
            ["mean" | "mean_tokens"] | [] => Ok(Pooling::Mean),
            ["cls" | "cls_token"] => Ok(Pooling::Cls),
            ["lasttoken"] => Ok(Pooling::Last),
            others => Err(format!(
                "pooling by `{}` is not known here; mean, cls and lasttoken are",
                others.join(" and ")
            )),
        }
    }
}

fn scores(activation: &str) -> Result<Scores, String> {
    match activation.rsplit('.').next().unwrap_or_default() {
        "Sigmoid" => Ok(Scores::Sigmoid),
        "Identity" => Ok(Scores::Raw),
        other => Err(format!(
            "config.json: scores through `{other}` are not known here; Sigmoid and Identity are"
        )),
    }
}

/// A JSON file of the folder, if it is there.
fn json<T: DeserializeOwned>(folder: &Path, file: &str) -> Result<Option<T>, String> {
    let text = match fs::read(folder.join(file)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{file}: {error}")),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| format!("{file}: {error}"))
}
