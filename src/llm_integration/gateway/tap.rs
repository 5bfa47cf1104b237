//! Listens to a stream that passes: what it spells, for the trace and for limits.

use super::{
    assembly::{Assembly, Seen},
    generation::Generation,
    uncounted::Said,
};
use crate::llm_integration::{
    LlmError,
    dialects::{
        Completeness, DecodeEvents, Dialect, Frame, Unreadable,
        chat::{self, Assembler, Event},
    },
    guardrails::{EventGuard, Finding},
};

/// What has come of a streamed answer.
pub(super) enum Tap {
    /// OpenAI's chunks, kept field by field as they came.
    Chunks(Box<Assembly>),
    /// Any other dialect, or a stream that is told in other words.
    Events(Box<Events>),
}

pub(super) struct Events {
    decoder: Box<dyn DecodeEvents + Send>,
    assembler: Assembler,
    /// In whose words the trace tells the output.
    surface: Dialect,
    limit: usize,
    guard: Option<EventGuard>,
    end: Option<Completeness>,
    /// Bytes that the model wrote since its provider last told the usage, let out or not.
    untold: u64,
}

/// A frame that does not pass.
pub(super) enum Broken {
    /// It is not one of the dialect; who passes bytes on passes it on all the same.
    Unreadable(Unreadable),
    /// A guard does not let out what it says.
    Blocked(LlmError),
}

impl Tap {
    /// For a stream whose bytes pass.
    pub fn passing(dialect: Dialect, limit: usize) -> Self {
        match dialect {
            Dialect::OpenAiChat => Self::Chunks(Box::new(Assembly::new(limit))),
            _ => Self::telling(dialect, dialect, limit, None),
        }
    }

    /// For a stream of `dialect` that is told in the words of `surface`, or kept as a whole answer.
    pub fn telling(
        dialect: Dialect,
        surface: Dialect,
        limit: usize,
        guard: Option<EventGuard>,
    ) -> Self {
        Self::Events(Box::new(Events {
            decoder: dialect.event_decoder(),
            assembler: Assembler::new(limit),
            surface,
            limit,
            guard,
            end: None,
            untold: 0,
        }))
    }

    /// Takes a frame, and appends what it says, and may be said, to `events`.
    pub fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<Seen, Broken> {
        match self {
            Self::Chunks(assembly) => Ok(assembly.take(frame.data)),
            Self::Events(tap) => {
                let mut said = Vec::new();
                tap.decoder
                    .take(frame, &mut said)
                    .map_err(Broken::Unreadable)?;
                let seen = seen_in(&said);
                tap.measure(&said);
                tap.pass(said, events)?;
                Ok(seen)
            }
        }
    }

    /// The frames have ended: whether they were a whole answer.
    pub fn completeness(&mut self) -> Completeness {
        match self {
            Self::Chunks(assembly) if assembly.is_complete() => Completeness::Complete,
            Self::Chunks(_) => Completeness::CutOff,
            Self::Events(tap) => tap.end.unwrap_or(Completeness::CutOff),
        }
    }

    /// The frames have ended. Appends the ends of parts that are still open.
    pub fn end(&mut self, events: &mut Vec<Event>) -> Result<Completeness, Broken> {
        if let Self::Events(tap) = self
            && tap.end.is_none()
        {
            let mut said = Vec::new();
            tap.end = Some(tap.decoder.finish(&mut said));
            tap.pass(said, events)?;
        }
        Ok(self.completeness())
    }

    /// What a guard has held back until it knew the whole.
    pub async fn release(&mut self, events: &mut Vec<Event>) -> Result<(), Broken> {
        let Self::Events(tap) = self else {
            return Ok(());
        };
        let Some(guard) = tap.guard.as_mut() else {
            return Ok(());
        };
        let released = guard.finish().await.map_err(Broken::Blocked)?;
        tap.note(released, events);
        Ok(())
    }

    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Events(tap) => tap.guard.as_ref().map_or(&[], EventGuard::findings),
            Self::Chunks(_) => &[],
        }
    }

    /// What the model wrote and its provider has not counted: of a stream that is `whole`, something
    /// only where no usage came at all.
    pub fn uncounted(&self, whole: bool) -> Option<Said> {
        let (has_usage, untold) = match self {
            Self::Chunks(assembly) => (assembly.has_usage(), assembly.untold()),
            Self::Events(tap) => (tap.assembler.has_usage(), tap.untold),
        };
        if has_usage && (whole || untold == 0) {
            return None;
        }
        let text = match self {
            Self::Chunks(assembly) => assembly.text(),
            Self::Events(tap) => tap.assembler.text(),
        };
        let bytes = untold;
        Some(Said { text, bytes })
    }

    /// What the stream spelt, for the trace; and as an answer, where it was kept whole.
    pub fn finish(self) -> (Generation, Option<chat::Answer>) {
        match self {
            Self::Chunks(assembly) => (assembly.finish(), None),
            Self::Events(tap) => {
                let is_whole = !tap.assembler.is_cut();
                let answer = tap.assembler.finish();
                let generation = Generation::of_told(tap.surface, &answer, tap.limit);
                (generation, is_whole.then_some(answer))
            }
        }
    }
}

impl Events {
    fn measure(&mut self, said: &[Event]) {
        for event in said {
            match event {
                Event::Usage(_) => self.untold = 0,
                Event::Delta { delta, .. } => self.untold += delta.written().len() as u64,
                _ => {}
            }
        }
    }

    fn pass(&mut self, said: Vec<Event>, events: &mut Vec<Event>) -> Result<(), Broken> {
        for event in said {
            let let_out = match self.guard.as_mut() {
                Some(guard) => guard.take(event).map_err(Broken::Blocked)?,
                None => vec![event],
            };
            self.note(let_out, events);
        }
        Ok(())
    }

    fn note(&mut self, let_out: Vec<Event>, events: &mut Vec<Event>) {
        for event in let_out {
            self.assembler.take(event.clone());
            events.push(event);
        }
    }
}

fn seen_in(said: &[Event]) -> Seen {
    let mut seen = Seen::default();
    let (mut tells_usage, mut tells_more) = (false, false);
    for event in said {
        match event {
            Event::Delta { .. } | Event::PartStart { .. } => seen.has_output = true,
            Event::Error(error) => seen.error = Some(error.message.clone()),
            Event::Usage(_) => tells_usage = true,
            Event::Start { .. } | Event::Ping => {}
            _ => tells_more = true,
        }
    }
    tells_more |= seen.has_output || seen.error.is_some();
    seen.only_usage = tells_usage && !tells_more;
    seen
}
