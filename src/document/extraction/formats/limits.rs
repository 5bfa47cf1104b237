//! What a file may make its reader do. A file that asks for more is refused with the limit's name.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FormatLimits {
    /// Bytes of a file that is read into memory whole: HTML, Markdown, plain text.
    pub text_bytes: u64,
    /// Bytes of one part of an archive, after inflation.
    pub part_bytes: u64,
    /// Bytes of all parts of an archive that are read, after inflation.
    pub inflated_bytes: u64,
    /// Bytes that one byte of an archive may be inflated to, over a whole part.
    pub inflation_ratio: u64,
    /// Entries of an archive.
    pub archive_entries: u64,
    /// Elements of XML or HTML inside each other, blocks of Markdown too.
    pub depth: u64,
    pub pages: u64,
    pub blocks: u64,
    /// Cells of tables, the empty ones too.
    pub cells: u64,
    /// Characters of text.
    pub characters: u64,
}

impl Default for FormatLimits {
    fn default() -> Self {
        Self {
            text_bytes: 32 * MIB,
            part_bytes: 128 * MIB,
            inflated_bytes: 256 * MIB,
            inflation_ratio: 300,
            archive_entries: 10_000,
            depth: 512,
            pages: 10_000,
            blocks: 500_000,
            cells: 2_000_000,
            characters: 50_000_000,
        }
    }
}
