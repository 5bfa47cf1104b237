//! The folder of models, read once at the start.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{checkpoint::Checkpoint, manifest::Manifest};
use crate::llm_integration::inference::model::{
    EmbeddingSpec, ModelKind, ModelName, ModelSpec, Pooling, Scores, Task,
};

const MANIFEST: &str = "model.toml";
const GRAPH: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// A folder that holds a model, or what is wrong with it.
#[derive(Debug)]
pub struct Found {
    /// The folder's.
    pub name: String,
    pub spec: Result<ModelSpec, String>,
}

/// Every model in `folder`, by name. A folder in it that holds neither a graph nor a `model.toml` is none.
///
/// # Errors
/// When the folder can not be read; one that does not exist is empty.
pub fn find(folder: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let holds = |file| path.join(file).is_file();
        if holds(GRAPH) || holds(MANIFEST) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            found.push(Found {
                name: name.into_owned(),
                spec: read(&path),
            });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn read(folder: &Path) -> Result<ModelSpec, String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name: ModelName = name.parse()?;
    let manifest = manifest(folder)?;
    let checkpoint = Checkpoint::read(folder)?;
    let graph = file(folder, manifest.graph.as_deref().unwrap_or(GRAPH))?;
    let tokenizer = file(folder, TOKENIZER)?;
    let max_tokens = manifest.max_tokens.or(checkpoint.max_tokens);
    let max_tokens = max_tokens.filter(|limit| *limit > 0).ok_or_else(|| {
        format!("no file says how many tokens it takes; write `max_tokens = 512` into {MANIFEST}")
    })?;
    let of_checkpoint = if checkpoint.is_classifier {
        ModelKind::Reranking
    } else {
        ModelKind::Embedding
    };
    let task = match manifest.kind.unwrap_or(of_checkpoint) {
        ModelKind::Reranking => {
            let scores = manifest.scores.or(checkpoint.scores);
            let scores = scores.unwrap_or(Scores::Sigmoid);
            Task::Reranking { scores }
        }
        ModelKind::Embedding => Task::Embedding(embedding(&manifest, &checkpoint)?),
    };
    Ok(ModelSpec {
        name,
        folder: folder.to_owned(),
        graph,
        tokenizer,
        max_tokens,
        padding: manifest
            .padding_token
            .or(checkpoint.padding_token)
            .unwrap_or(0),
        task,
    })
}

fn embedding(manifest: &Manifest, checkpoint: &Checkpoint) -> Result<EmbeddingSpec, String> {
    let dimension = manifest.dimension.or(checkpoint.dimension);
    let dimension = dimension.filter(|size| *size > 0).ok_or_else(|| {
        format!("no file says its dimension; write `dimension = 384` into {MANIFEST}")
    })?;
    let dimensions = manifest.dimensions.clone();
    if let Some(wrong) = dimensions
        .iter()
        .find(|size| !(1..dimension).contains(*size))
    {
        return Err(format!(
            "{MANIFEST}: `dimensions` holds {wrong}; each must be below `dimension`, {dimension}"
        ));
    }
    let text = |own: &Option<String>, other: &Option<String>| {
        own.as_ref().or(other.as_ref()).cloned().unwrap_or_default()
    };
    Ok(EmbeddingSpec {
        pooling: manifest
            .pooling
            .or(checkpoint.pooling)
            .unwrap_or(Pooling::Mean),
        normalize: manifest.normalize.or(checkpoint.normalize).unwrap_or(true),
        dimension,
        dimensions,
        query_prefix: text(&manifest.query_prefix, &checkpoint.query_prefix),
        passage_prefix: text(&manifest.passage_prefix, &checkpoint.passage_prefix),
    })
}

fn manifest(folder: &Path) -> Result<Manifest, String> {
    match fs::read_to_string(folder.join(MANIFEST)) {
        Ok(text) => toml::from_str(&text).map_err(|error| format!("{MANIFEST}: {error}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(error) => Err(format!("{MANIFEST}: {error}")),
    }
}

fn file(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path = folder.join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("it has no file `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder `models/mine` with these files and an empty graph and tokenizer.
    fn model(files: &[(&str, &str)]) -> Result<ModelSpec, String> {
        let models = tempfile::tempdir().unwrap();
        let folder = models.path().join("mine");
        for (name, text) in [(GRAPH, ""), (TOKENIZER, "")].iter().chain(files) {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir(models.path().join("no-model")).unwrap();
        let mut found = find(models.path()).unwrap();
        assert_eq!(found.len(), 1);
        let Found { name, spec } = found.remove(0);
        assert_eq!(name, "mine");
        spec
    }

    fn embedding_of(files: &[(&str, &str)]) -> EmbeddingSpec {
        match model(files).unwrap().task {
            Task::Embedding(spec) => spec,
            Task::Reranking { .. } => panic!("it is an embedding model"),
        }
    }

    const CONFIG: (&str, &str) = (
        "config.json",
        r#"{"architectures":["BertModel"],"hidden_size":384,"max_position_embeddings":512,"pad_token_id":1}"#,
    );
    const MODULES: (&str, &str) = (
        "modules.json",
        r#"[{"path":"","type":"sentence_transformers.models.Transformer"},
            {"path":"1_Pooling","type":"sentence_transformers.models.Pooling"},
            {"path":"2_Normalize","type":"sentence_transformers.models.Normalize"}]"#,
    );

    #[test]
    fn the_files_of_sentence_transformers_say_all_that_is_needed() {
        let pooling = r#"{"word_embedding_dimension":768,"pooling_mode_cls_token":true,"pooling_mode_mean_tokens":false}"#;
        let files = [
            CONFIG,
            MODULES,
            ("1_Pooling/config.json", pooling),
            (
                "sentence_bert_config.json",
                r#"{"max_seq_length":256,"do_lower_case":false}"#,
            ),
            (
                "config_sentence_transformers.json",
                r#"{"prompts":{"query":"query: ","document":"passage: "},"similarity_fn_name":"cosine"}"#,
            ),
        ];
        let spec = model(&files).unwrap();
        assert_eq!((spec.max_tokens, spec.padding), (256, 1));
        let embedding = embedding_of(&files);
        assert_eq!(
            (embedding.pooling, embedding.normalize),
            (Pooling::Cls, true)
        );
        assert_eq!(embedding.dimension, 768);
        assert_eq!(embedding.query_prefix, "query: ");
        assert_eq!(embedding.passage_prefix, "passage: ");
        let newer = [
            CONFIG,
            MODULES,
            (
                "1_Pooling/config.json",
                r#"{"embedding_dimension":8,"pooling_mode":"lasttoken"}"#,
            ),
        ];
        let newer = embedding_of(&newer);
        assert_eq!((newer.pooling, newer.dimension), (Pooling::Last, 8));
    }

    #[test]
    fn a_model_toml_comes_before_them_and_a_slip_in_it_is_named() {
        let manifest =
            "max_tokens = 128\npooling = \"mean\"\ndimensions = [64, 128]\nquery_prefix = \"q: \"";
        let files = [CONFIG, ("model.toml", manifest)];
        assert_eq!(model(&files).unwrap().max_tokens, 128);
        let embedding = embedding_of(&files);
        assert_eq!(embedding.dimensions, [64, 128]);
        assert_eq!(embedding.query_prefix, "q: ");
        for (manifest, word) in [
            ("poling = \"mean\"", "poling"),
            ("dimensions = [384]", "384"),
            ("graph = \"other.onnx\"", "other.onnx"),
        ] {
            let error = model(&[CONFIG, ("model.toml", manifest)]).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(model(&[]).unwrap_err().contains("max_tokens"));
        let no_dimension = model(&[("model.toml", "max_tokens = 8")]).unwrap_err();
        assert!(no_dimension.contains("dimension = "), "{no_dimension}");
    }

    #[test]
    fn a_classifier_is_a_reranker_and_its_activation_is_kept() {
        let reranker = |more: &str| {
            let config = format!(
                r#"{{"architectures":["BertForSequenceClassification"],"max_position_embeddings":512{more}}}"#
            );
            match model(&[("config.json", &config)])?.task {
                Task::Reranking { scores } => Ok(scores),
                Task::Embedding(_) => Err("it is a reranker".to_owned()),
            }
        };
        assert_eq!(reranker(""), Ok(Scores::Sigmoid));
        let identity =
            r#","sentence_transformers":{"activation_fn":"torch.nn.modules.linear.Identity"}"#;
        assert_eq!(reranker(identity), Ok(Scores::Raw));
        let other = r#","sbert_ce_default_activation_function":"torch.nn.Softmax"}"#;
        assert!(
            reranker(other.trim_end_matches('}'))
                .unwrap_err()
                .contains("Softmax")
        );
    }

    #[test]
    fn what_is_not_known_here_is_refused_by_name() {
        let dense = r#"[{"path":"2_Dense","type":"sentence_transformers.models.Dense"}]"#;
        let error = model(&[CONFIG, ("modules.json", dense)]).unwrap_err();
        assert!(error.contains("Dense"), "{error}");
        let max = r#"{"pooling_mode_max_tokens":true,"pooling_mode_mean_tokens":true}"#;
        let error = model(&[CONFIG, MODULES, ("1_Pooling/config.json", max)]).unwrap_err();
        assert!(error.contains("max_tokens"), "{error}");
    }
}
