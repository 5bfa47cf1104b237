//! A document: what it is called, where it lies, and which version of it is the latest.

use super::{
    Authors, DocumentTags, Doi, Edited, Field, FileName, Folder, Language, Title, VersionNumber,
    Year,
};
use crate::{
    document::extraction::FileMetadata,
    kernel::{Id, ProjectId, Timestamp},
};

/// Marker of [`DocumentId`].
pub enum DocumentMarker {}
pub type DocumentId = Id<DocumentMarker>;

/// A document of a project. Its versions never change; this may.
#[derive(Clone, Debug)]
pub struct Document {
    pub id: DocumentId,
    pub project: ProjectId,
    pub title: Title,
    pub authors: Authors,
    pub year: Option<Year>,
    pub doi: Option<Doi>,
    pub language: Option<Language>,
    /// Which of the fields above people set.
    pub edited: Edited,
    pub folder: Folder,
    pub tags: DocumentTags,
    pub latest: VersionNumber,
    pub created_by: String,
    pub created_at: Timestamp,
    /// When it was last edited, or got a version.
    pub updated_at: Timestamp,
}

/// What is to become of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldChange<T> {
    #[default]
    Keep,
    /// A person says so.
    Set(T),
    /// What the file says counts again.
    AsRead,
}

/// What somebody changes about a document: everything in it is valid by itself.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    pub title: FieldChange<Title>,
    pub authors: FieldChange<Authors>,
    pub year: FieldChange<Option<Year>>,
    pub doi: FieldChange<Option<Doi>>,
    pub language: FieldChange<Option<Language>>,
    pub folder: Option<Folder>,
    pub tags: Option<DocumentTags>,
}

/// A document to be made of an uploaded file.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What is known of it beforehand counts as said by people.
    pub edit: Edit,
    /// Make a document of its own even when the project has one with the same bytes.
    pub allow_duplicate: bool,
}

impl Document {
    /// A document of which its first version is all that there is.
    pub fn new(
        id: DocumentId,
        project: ProjectId,
        (file, draft): (&FileName, Draft),
        (created_by, now): (String, Timestamp),
    ) -> Self {
        let mut document = Self {
            id,
            project,
            title: titled_after(file),
            authors: Authors::default(),
            year: None,
            doi: None,
            language: None,
            edited: Edited::default(),
            folder: Folder::default(),
            tags: DocumentTags::default(),
            latest: VersionNumber::FIRST,
            created_by,
            created_at: now,
            updated_at: now,
        };
        document.edit(draft.edit, (&FileMetadata::default(), file));
        document
    }

    /// Applies what a person says. `read` is what the latest version's file says of itself.
    pub fn edit(&mut self, edit: Edit, read: (&FileMetadata, &FileName)) {
        let Edit {
            title,
            authors,
            year,
            doi,
            language,
            folder,
            tags,
        } = edit;
        let edited = &mut self.edited;
        apply(edited, Field::Title, title, &mut self.title);
        apply(edited, Field::Authors, authors, &mut self.authors);
        apply(edited, Field::Year, year, &mut self.year);
        apply(edited, Field::Doi, doi, &mut self.doi);
        apply(edited, Field::Language, language, &mut self.language);
        if let Some(folder) = folder {
            self.folder = folder;
        }
        if let Some(tags) = tags {
            self.tags = tags;
        }
        self.take_in(read.0, read.1);
    }

    /// Takes over what the latest version's file says, but for what people have set.
    pub fn take_in(&mut self, read: &FileMetadata, file: &FileName) {
        let FileMetadata {
            title,
            authors,
            year,
            doi,
            language,
        } = read;
        let free = |field| !self.edited.contains(field);
        if free(Field::Title) {
            let read = title.as_deref().and_then(Title::guessed);
            self.title = read.unwrap_or_else(|| titled_after(file));
        }
        if free(Field::Authors) {
            self.authors = Authors::guessed(authors);
        }
        if free(Field::Year) {
            self.year = year.and_then(Year::guessed);
        }
        if free(Field::Doi) {
            self.doi = doi.as_deref().and_then(Doi::guessed);
        }
        if free(Field::Language) {
            self.language = language.as_deref().and_then(Language::guessed);
        }
    }
}

fn titled_after(file: &FileName) -> Title {
    Title::stored(file.stem().to_owned())
}

fn apply<T>(edited: &mut Edited, field: Field, change: FieldChange<T>, value: &mut T) {
    match change {
        FieldChange::Keep => {}
        FieldChange::Set(new) => {
            *value = new;
            edited.set(field, true);
        }
        FieldChange::AsRead => edited.set(field, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::new(
            Id::from_name("d"),
            ProjectId::from_name("p"),
            (&FileName::of("paper.pdf"), Draft::default()),
            ("me".to_owned(), Timestamp::EPOCH),
        )
    }

    fn read(title: &str, year: i32) -> FileMetadata {
        FileMetadata {
            title: Some(title.to_owned()),
            year: Some(year),
            ..FileMetadata::default()
        }
    }

    #[test]
    fn what_people_said_is_never_overwritten_by_reading() {
        let (mut document, file) = (document(), FileName::of("paper.pdf"));
        assert_eq!(document.title.as_str(), "paper");
        document.take_in(&read("Read title", 2001), &file);
        assert_eq!(document.title.as_str(), "Read title");
        let edit = Edit {
            title: FieldChange::Set(Title::parse("Mine").unwrap()),
            year: FieldChange::Set(None),
            ..Edit::default()
        };
        document.edit(edit, (&read("Read title", 2001), &file));
        document.take_in(&read("Another", 1999), &file);
        assert_eq!((document.title.as_str(), document.year), ("Mine", None));
        let back = Edit {
            title: FieldChange::AsRead,
            ..Edit::default()
        };
        document.edit(back, (&read("Another", 1999), &file));
        assert_eq!((document.title.as_str(), document.year), ("Another", None));
        assert_eq!(document.edited.iter().collect::<Vec<_>>(), [Field::Year]);
    }

    #[test]
    fn what_a_file_says_badly_is_not_taken() {
        let (mut document, file) = (document(), FileName::of("paper.pdf"));
        let junk = FileMetadata {
            title: Some(" \n ".to_owned()),
            authors: vec![String::new(), "A\nB".to_owned()],
            year: Some(-3),
            doi: Some("none".to_owned()),
            language: Some("Japanese!".to_owned()),
        };
        document.take_in(&junk, &file);
        assert_eq!(document.title.as_str(), "paper");
        assert_eq!(document.authors.as_slice(), ["A B"]);
        assert!(document.year.is_none() && document.doi.is_none() && document.language.is_none());
    }
}
