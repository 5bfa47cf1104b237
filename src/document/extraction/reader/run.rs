//! From the order to the last word: the libraries first, then the rights away, then the file.

use std::{
    fs::File,
    io,
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
};

use super::{channel::Channel, pages, picture, showing};
use crate::{
    document::extraction::{
        ExtractionError, FileKind, FileMetadata, NativeKind, Page, formats,
        layout::Typography,
        pdf::Pdfium,
        sandbox::{Confinement, Profile},
        wire::{Order, Said},
    },
    kernel::error_chain,
};

/// What ends a reading early.
pub(super) enum Stop {
    Failed(ExtractionError),
    /// The worker is gone: there is nobody to tell.
    Unheard(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unheard(error)
    }
}

impl From<ExtractionError> for Stop {
    fn from(error: ExtractionError) -> Self {
        Self::Failed(error)
    }
}

/// `app doc-sandbox read`.
pub fn run() -> ExitCode {
    match Channel::over_stdout().and_then(|mut channel| tell(&mut channel)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn tell(channel: &mut Channel) -> io::Result<()> {
    let read = catch_unwind(AssertUnwindSafe(|| read(channel)));
    let last = match read {
        Ok(Ok(())) => Said::Done,
        Ok(Err(Stop::Failed(error))) => Said::Failed { error },
        Ok(Err(Stop::Unheard(error))) => return Err(error),
        Err(panic) => Said::Failed {
            error: ExtractionError::Crashed {
                how: panic_words(panic.as_ref()),
            },
        },
    };
    channel.say(&last)
}

fn read(channel: &mut Channel) -> Result<(), Stop> {
    let order = channel.order()?;
    let pdfium = match order.kind {
        FileKind::Pdf => Some(Pdfium::load(&order.engines.pdfium)?),
        _ => None,
    };
    confine(&order)?;
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if let Some(width) = order.picture {
        return showing::show(channel, &order, (width, pdfium.as_ref()), file);
    }
    match (order.kind, pdfium) {
        (FileKind::Native(kind), _) => read_native(channel, &order, kind, file),
        (FileKind::Image(kind), _) => picture::read(channel, &order, kind, file),
        (FileKind::Pdf, Some(pdfium)) => pages::read_pdf(channel, &order, &pdfium.open(file)?),
        (FileKind::Pdf, None) => Err(Stop::Failed(ExtractionError::EngineMissing {
            engine: "pdfium".to_owned(),
            why: "it was not loaded".to_owned(),
        })),
    }
}

/// A file that holds its text as such: it is read from its beginning, whatever page is wanted first.
fn read_native(
    channel: &mut Channel,
    order: &Order,
    kind: NativeKind,
    mut file: File,
) -> Result<(), Stop> {
    channel.say(&opened(None, FileMetadata::default()))?;
    let (mut pages, mut unheard) = (0, None);
    let limits = order.limits.format_limits();
    let mut emit = |page: Page| {
        pages = page.number;
        if page.number < order.pages.first {
            return Ok(());
        }
        channel.say(&Said::Page { page }).map_err(|error| {
            unheard = Some(error);
            ExtractionError::Cancelled
        })
    };
    let read = formats::read(kind, &mut file, &limits, &mut emit);
    if let Some(error) = unheard {
        return Err(error.into());
    }
    let metadata = read?;
    Ok(channel.say(&opened(Some(pages), metadata))?)
}

fn opened(pages: Option<u32>, metadata: FileMetadata) -> Said {
    Said::Opened {
        pages,
        metadata,
        typography: Typography::default(),
    }
}

fn confine(order: &Order) -> Result<(), ExtractionError> {
    let readable: Vec<PathBuf> = match order.kind {
        FileKind::Pdf => order.engines.fonts.clone(),
        _ => Vec::new(),
    };
    let confinement = Confinement {
        profile: Profile::Reader,
        readable,
        program: None,
        memory_bytes: order.limits.memory_bytes(),
        cpu_seconds: order.limits.seconds_per_document,
    };
    let enforced = confinement.enforce();
    enforced
        .map(drop)
        .map_err(|error| ExtractionError::Sandbox {
            why: error_chain(&error),
        })
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned());
    words
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}
