//! A graph that ONNX Runtime has loaded, and what it makes of a batch.

use ort::{
    environment::Environment,
    logging::LogLevel,
    session::{Session, SessionInputValue},
    value::{Tensor, TensorElementType, ValueType},
};

use super::{
    Device,
    device::{cuda, wanted},
};
use crate::llm_integration::inference::{
    InferenceSettings,
    model::{Batch, Hidden, ModelSpec, Pooling, Task},
};

/// What a graph's outputs are called that hold vectors or scores, the likeliest first.
const OUTPUTS: [&str; 5] = [
    "sentence_embedding",
    "last_hidden_state",
    "token_embeddings",
    "logits",
    "output",
];

/// How sessions are made.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    pub inference: InferenceSettings,
    /// Threads of one session.
    pub threads: usize,
}

/// A session, where it runs, and why not where it was to.
pub struct Loaded {
    pub graph: Graph,
    pub device: Device,
    /// Why it is not on the GPU.
    pub fallback: Option<String>,
}

/// A loaded graph. One batch runs at a time.
#[derive(Debug)]
pub struct Graph {
    session: Session,
    inputs: Vec<InputKind>,
    output: String,
    pooling: Option<Pooling>,
    padding: i64,
}

/// What a graph takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InputKind {
    Ids,
    Mask,
    Kinds,
    Positions,
}

impl InputKind {
    const ALL: [Self; 4] = [Self::Ids, Self::Mask, Self::Kinds, Self::Positions];

    const fn name(self) -> &'static str {
        match self {
            Self::Ids => "input_ids",
            Self::Mask => "attention_mask",
            Self::Kinds => "token_type_ids",
            Self::Positions => "position_ids",
        }
    }
}

/// Loads a model, on the GPU where that is wanted and works. Not for an async thread.
///
/// # Errors
/// Says what is wrong with the graph.
pub fn load(
    environment: &Environment,
    spec: &ModelSpec,
    settings: &SessionSettings,
) -> Result<Loaded, String> {
    let (device, mut fallback) = match wanted(&settings.inference) {
        Ok(device) => (device, None),
        Err(why) => (Device::Cpu, Some(why)),
    };
    if device != Device::Cpu {
        match session(environment, spec, settings, device) {
            Ok(session) => {
                return Ok(Loaded {
                    graph: Graph::new(session, spec)?,
                    device,
                    fallback,
                });
            }
            Err(error) => fallback = Some(error.to_string()),
        }
    }
    let session = session(environment, spec, settings, Device::Cpu);
    Ok(Loaded {
        graph: Graph::new(session.map_err(|error| error.to_string())?, spec)?,
        device: Device::Cpu,
        fallback,
    })
}

fn session(
    environment: &Environment,
    spec: &ModelSpec,
    settings: &SessionSettings,
    device: Device,
) -> Result<Session, ort::Error> {
    let builder = Session::builder(environment)?
        .with_log_level(LogLevel::Warning)?
        .with_intra_threads(settings.threads)?
        // Idle threads must not take the processor from those who serve requests.
        .with_intra_op_spinning(false)?
        // Batches differ in shape, so that a plan of one's memory does not fit the next.
        .with_memory_pattern(false)?;
    let mut builder = match device {
        Device::Cpu => builder,
        Device::Cuda(_) => builder.with_execution_providers([cuda(&settings.inference)])?,
    };
    builder.commit_from_file(&spec.graph)
}

impl Graph {
    fn new(session: Session, spec: &ModelSpec) -> Result<Self, String> {
        let mut inputs = Vec::new();
        for input in session.inputs() {
            let kind = InputKind::ALL
                .into_iter()
                .find(|kind| kind.name() == input.name());
            let takes = matches!(
                input.dtype(),
                ValueType::Tensor {
                    ty: TensorElementType::Int64,
                    ..
                }
            );
            match kind.filter(|_| takes) {
                Some(kind) => inputs.push(kind),
                None => {
                    return Err(format!(
                        "its graph has the input `{}` ({}); input_ids, attention_mask, token_type_ids and \
                         position_ids are known here, each of int64",
                        input.name(),
                        input.dtype()
                    ));
                }
            }
        }
        let outputs: Vec<&str> = session
            .outputs()
            .iter()
            .map(ort::value::Outlet::name)
            .collect();
        let known = OUTPUTS.into_iter().find(|name| outputs.contains(name));
        let output = known.or(outputs.first().copied());
        let output = output.ok_or("its graph has no output")?.to_owned();
        Ok(Self {
            inputs,
            output,
            pooling: match &spec.task {
                Task::Embedding(embedding) => Some(embedding.pooling),
                Task::Reranking { .. } => None,
            },
            padding: i64::from(spec.padding),
            session,
        })
    }

    /// For each part of a batch its vector, or its score as the only number of one.
    ///
    /// # Errors
    /// Says what ONNX Runtime said.
    pub fn run(&mut self, batch: &Batch) -> Result<Vec<Vec<f32>>, String> {
        let (rows, length) = (batch.parts.len(), batch.length);
        let inputs = self
            .inputs
            .iter()
            .map(|kind| {
                let tensor = Tensor::from_array(([rows, length], self.values(*kind, batch)))?;
                Ok((kind.name(), SessionInputValue::from(tensor)))
            })
            .collect::<Result<Vec<_>, ort::Error>>()
            .map_err(|error| error.to_string())?;
        let outputs = self
            .session
            .run(inputs)
            .map_err(|error| error.to_string())?;
        let output = outputs.get(&self.output).ok_or("it gave no output")?;
        let (shape, values) = output
            .try_extract_tensor::<f32>()
            .map_err(|error| format!("its output `{}`: {error}", self.output))?;
        let shape: Vec<usize> = shape
            .iter()
            .map(|size| usize::try_from(*size).unwrap_or(0))
            .collect();
        rows_of(&shape, values, batch, self.pooling)
    }

    fn values(&self, kind: InputKind, batch: &Batch) -> Vec<i64> {
        let mut values = Vec::with_capacity(batch.parts.len() * batch.length);
        for part in &batch.parts {
            let (input, end) = (&part.input, values.len() + batch.length);
            match kind {
                InputKind::Ids => values.extend(input.ids.iter().map(|id| i64::from(*id))),
                InputKind::Kinds => values.extend(input.kinds.iter().map(|id| i64::from(*id))),
                InputKind::Mask => values.resize(values.len() + input.ids.len(), 1),
                InputKind::Positions => values.extend((0_i64..).take(batch.length)),
            }
            values.resize(
                end,
                if kind == InputKind::Ids {
                    self.padding
                } else {
                    0
                },
            );
        }
        values
    }
}

/// An output's rows: vectors of tokens that are pooled, vectors of texts, or scores.
fn rows_of(
    shape: &[usize],
    values: &[f32],
    batch: &Batch,
    pooling: Option<Pooling>,
) -> Result<Vec<Vec<f32>>, String> {
    let rows = batch.parts.len();
    match (shape, pooling) {
        ([count, tokens, dimension], Some(pooling))
            if (*count, *tokens) == (rows, batch.length) && pooling != Pooling::None =>
        {
            let hidden = Hidden {
                values,
                tokens: *tokens,
                dimension: *dimension,
            };
            let parts = batch.parts.iter().enumerate();
            let pooled = |(row, part): (usize, &crate::llm_integration::inference::model::Part)| {
                hidden.pooled(pooling, row, part.input.ids.len())
            };
            Ok(parts.map(pooled).collect())
        }
        ([count, dimension], Some(_)) if *count == rows && *dimension > 0 => Ok(values
            .chunks_exact(*dimension)
            .map(<[f32]>::to_vec)
            .collect()),
        ([count] | [count, 1], None) if *count == rows => {
            Ok(values.iter().map(|score| vec![*score]).collect())
        }
        _ => Err(format!(
            "its output has the shape {shape:?} for {rows} texts of {} tokens: {}",
            batch.length,
            match pooling {
                Some(Pooling::None) => "one vector a text is wanted",
                Some(_) => "one vector a token, or a text, is wanted",
                None => "one score a document is wanted",
            }
        )),
    }
}
