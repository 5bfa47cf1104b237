//! Programs of others as children of their own: what they get, what they may read, and how much they may answer.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Command,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    time::timeout,
};

use crate::document::extraction::{
    EngineSettings, ExtractionSettings,
    sandbox::{Child, ProgramOrder, Stdio},
    wire::{PageMode, PageRange},
};

/// What tesseract says of one page, or poppler of one range of pages.
const ANSWER_BYTES: u64 = 64 * 1024 * 1024;
/// Of the processor time and the memory of a program that reads a range of pages.
const POPPLER_MEMORY_BYTES: u64 = 512 * 1024 * 1024;

/// The allocator takes memory as it needs it; what it reserved beforehand would be outside of the limit.
const NO_RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

/// This process's own binary, also after another was installed in its place.
const OURSELVES: &str = "/proc/self/exe";

/// `app`, from which every child is started.
#[derive(Clone, Debug)]
pub(super) struct Binary(PathBuf);

impl Binary {
    pub fn of(engines: &EngineSettings) -> Self {
        let named = !engines.reader.as_os_str().is_empty();
        Self(if named {
            engines.reader.clone()
        } else {
            OURSELVES.into()
        })
    }

    /// `app doc-sandbox WORD`, with nothing of this process's environment.
    pub fn command(&self, word: &str) -> Command {
        let mut command = Command::new(&self.0);
        command.args(["doc-sandbox", word]).current_dir("/");
        command.env_clear().envs([NO_RESERVE]);
        command
    }

    fn program(&self, order: &ProgramOrder) -> Result<Command, String> {
        let order = serde_json::to_string(order).map_err(|error| error.to_string())?;
        let mut command = self.command("program");
        command.arg(order);
        Ok(command)
    }
}

/// What poppler reads on a range of pages of `file`; in words, why it does not.
pub(super) async fn poppler(
    binary: &Binary,
    engines: &EngineSettings,
    limits: &ExtractionSettings,
    file: File,
    pages: PageRange,
) -> Result<Vec<u8>, String> {
    let order = ProgramOrder {
        memory_bytes: POPPLER_MEMORY_BYTES.min(limits.memory_bytes()),
        cpu_seconds: limits.seconds_per_page,
        readable: vec![engines.poppler_data.clone()],
        program: engines.pdftotext.clone(),
        variables: Vec::new(),
        arguments: [
            "-q",
            "-enc",
            "UTF-8",
            "-bbox-layout",
            "-f",
            &pages.first.to_string(),
            "-l",
            &pages.last.to_string(),
            "-",
            "-",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let child = Child::start(binary.program(&order)?, Stdio::File(file)).await;
    let child = child.map_err(|error| error.to_string())?;
    answer(child, limits, "pdftotext").await
}

/// What tesseract reads on an image, which is copied from `image` as it comes.
pub(super) async fn tesseract(
    binary: &Binary,
    engines: &EngineSettings,
    limits: &ExtractionSettings,
    (languages, mode): (&str, PageMode),
    image: &mut (impl tokio::io::AsyncRead + Unpin),
) -> Result<Vec<u8>, String> {
    let segmentation = match mode {
        PageMode::Automatic => "3",
        PageMode::Vertical => "5",
    };
    let tessdata = engines.tessdata.to_string_lossy().into_owned();
    let dpi = limits.ocr_dpi.to_string();
    let order = ProgramOrder {
        memory_bytes: limits.memory_bytes(),
        cpu_seconds: limits.seconds_per_page,
        readable: vec![engines.tessdata.clone()],
        program: engines.tesseract.clone(),
        // More threads would be refused.
        variables: vec![("OMP_THREAD_LIMIT".to_owned(), "1".to_owned())],
        arguments: [
            "stdin",
            "stdout",
            "--tessdata-dir",
            &tessdata,
            "-l",
            languages,
            "--psm",
            segmentation,
            "--dpi",
            &dpi,
            "tsv",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    let child = Child::start(binary.program(&order)?, Stdio::Stream).await;
    let mut child = child.map_err(|error| error.to_string())?;
    let fed = match child.input.take() {
        Some(mut input) => {
            let copied = timeout(limits.page_time(), copy(image, &mut input)).await;
            let closed = input.shutdown().await;
            copied
                .map_err(|_| "it does not take the image".to_owned())?
                .and(closed)
                .err()
        }
        None => None,
    };
    let answer = answer(child, limits, "tesseract").await;
    match fed {
        // It ended before it had taken everything: its own words say why.
        Some(error) if answer.is_ok() => Err(format!("tesseract does not take the image: {error}")),
        _ => answer,
    }
}

async fn answer(
    mut child: Child,
    limits: &ExtractionSettings,
    name: &str,
) -> Result<Vec<u8>, String> {
    let mut said = Vec::new();
    let mut within = (&mut child.output).take(ANSWER_BYTES);
    let read = timeout(limits.page_time(), within.read_to_end(&mut said)).await;
    let too_much = said.len() as u64 >= ANSWER_BYTES;
    let ended = child.ended(read.is_err() || too_much).await;
    let ended = ended.map_err(|error| format!("{name}: {error}"))?;
    match read {
        Err(_) => Err(format!(
            "{name} took longer than {} s",
            limits.seconds_per_page
        )),
        Ok(Err(error)) => Err(format!("{name}: {error}")),
        Ok(Ok(_)) if too_much => Err(format!("{name} said more than {ANSWER_BYTES} bytes")),
        Ok(Ok(_)) if ended.for_want_of_memory() => Err(format!("{name} needs more memory")),
        Ok(Ok(_)) if !ended.is_success() => Err(format!("{name}: {ended}")),
        Ok(Ok(_)) => Ok(said),
    }
}

/// The same file once more, with a position of its own.
pub(super) fn reopened(file: &File) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    File::open(Path::new("/proc/self/fd").join(file.as_raw_fd().to_string()))
}
