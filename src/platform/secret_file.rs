//! A secret that this installation makes for itself, kept in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rand::{TryRngCore, rngs::OsRng};

const GENERATED_BYTES: usize = 32;

/// The file's content, made at random if there is no file.
///
/// # Errors
/// When the file can not be read or written.
pub fn read_or_create(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(file),
        read => read,
    }
}

/// Writes a new secret under a name of its own and links it into place, so that of two processes
/// that start at once one wins and both read the same.
fn create(file: &Path) -> io::Result<String> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut random = [0_u8; GENERATED_BYTES];
    OsRng
        .try_fill_bytes(&mut random)
        .map_err(io::Error::other)?;
    let secret = random
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let draft: PathBuf = file.with_added_extension(std::process::id().to_string());
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    out.write_all(secret.as_bytes())?;
    out.sync_all()?;
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(file),
    }
}
