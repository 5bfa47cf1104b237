//! Listens to a stream that passes: what it spells, for the trace and for limits.

use super::{
    assembly::{Assembly, Seen},
    generation::Generation,
};
use crate::llm_integration::dialects::{
    Completeness, DecodeEvents, Dialect, Frame, Unreadable,
    chat::{Assembler, Event},
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
    end: Option<Completeness>,
}

impl Tap {
    /// For a stream whose bytes pass.
    pub fn passing(dialect: Dialect, limit: usize) -> Self {
        match dialect {
            Dialect::OpenAiChat => Self::Chunks(Box::new(Assembly::new(limit))),
            _ => Self::telling(dialect, dialect, limit),
        }
    }

    /// For a stream of `dialect` that is told in the words of `surface`.
    pub fn telling(dialect: Dialect, surface: Dialect, limit: usize) -> Self {
        Self::Events(Box::new(Events {
            decoder: dialect.event_decoder(),
            assembler: Assembler::new(limit),
            surface,
            limit,
            end: None,
        }))
    }

    /// Takes a frame, and appends what it says to `events`.
    ///
    /// # Errors
    /// When the frame is not one of the dialect; who passes bytes on passes it on all the same.
    pub fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<Seen, Unreadable> {
        match self {
            Self::Chunks(assembly) => Ok(assembly.take(frame.data)),
            Self::Events(tap) => {
                tap.decoder.take(frame, events)?;
                Ok(tap.note(events))
            }
        }
    }

    /// The frames have ended. Appends the ends of what is still open.
    pub fn end(&mut self, events: &mut Vec<Event>) -> Completeness {
        match self {
            Self::Chunks(assembly) if assembly.is_complete() => Completeness::Complete,
            Self::Chunks(_) => Completeness::CutOff,
            Self::Events(tap) => {
                if let Some(end) = tap.end {
                    return end;
                }
                let end = tap.decoder.finish(events);
                tap.note(events);
                *tap.end.insert(end)
            }
        }
    }

    pub fn finish(self) -> Generation {
        match self {
            Self::Chunks(assembly) => assembly.finish(),
            Self::Events(tap) => {
                let Events {
                    assembler,
                    surface,
                    limit,
                    ..
                } = *tap;
                Generation::of_told(surface, &assembler.finish(), limit)
            }
        }
    }
}

impl Events {
    fn note(&mut self, events: &[Event]) -> Seen {
        let mut seen = Seen::default();
        for event in events {
            match event {
                Event::Delta { .. } | Event::PartStart { .. } => seen.has_output = true,
                Event::Error(error) => seen.error = Some(error.message.clone()),
                _ => {}
            }
            self.assembler.take(event.clone());
        }
        seen
    }
}
