//! What callers send: parsed here, so that what goes in is valid.

use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use crate::{
    document::{
        Authors, CatalogFilter, CatalogOrder, DocumentError, DocumentTags, Doi, Draft, Edit, Field,
        FieldChange, Folder, Language, PictureWidth, SortBy, Title, VersionState, Year,
        extraction::FileKind,
    },
    kernel::{Cursor, ErrorCode, Failure, PageLimit},
};

/// The form of an upload. What is said of the document counts as set by people.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "described for the document of the API; the form is read as it comes"
)]
pub struct UploadDocument {
    #[schema(value_type = String, format = Binary)]
    file: String,
    title: Option<String>,
    /// One field for each author.
    authors: Option<Vec<String>>,
    year: Option<i32>,
    doi: Option<String>,
    /// A tag of BCP 47: `ja`, `en`.
    language: Option<String>,
    /// `a/b`; the root when absent.
    folder: Option<String>,
    /// One field for each tag.
    tags: Option<Vec<String>>,
    /// `true` makes a document of its own of bytes that the project has already.
    allow_duplicate: Option<bool>,
}

/// The form of an upload of a version.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "described for the document of the API; the form is read as it comes"
)]
pub struct UploadVersion {
    #[schema(value_type = String, format = Binary)]
    file: String,
}

pub fn parse_draft(fields: Vec<(String, String)>) -> Result<Draft, DocumentError> {
    let (mut draft, mut authors, mut tags) = (Draft::default(), Vec::new(), Vec::new());
    let edit = &mut draft.edit;
    for (name, value) in fields {
        match name.as_str() {
            "title" => edit.title = FieldChange::Set(Title::parse(&value)?),
            "authors" => authors.push(value),
            "year" => {
                let year = value.trim().parse().map_err(|_| {
                    DocumentError::invalid("year", format!("is `{value}`; it must be a number"))
                })?;
                edit.year = FieldChange::Set(Some(Year::parse(year)?));
            }
            "doi" => edit.doi = FieldChange::Set(Some(Doi::parse(&value)?)),
            "language" => edit.language = FieldChange::Set(Some(Language::parse(&value)?)),
            "folder" => edit.folder = Some(Folder::parse(&value)?),
            "tags" => tags.push(value),
            "allow_duplicate" => {
                draft.allow_duplicate = value.trim().parse().map_err(|_| {
                    let why = format!("is `{value}`; it must be `true` or `false`");
                    DocumentError::invalid("allow_duplicate", why)
                })?;
            }
            _ => return Err(unknown_field(&name)),
        }
    }
    if !authors.is_empty() {
        edit.authors = FieldChange::Set(Authors::parse(&authors)?);
    }
    if !tags.is_empty() {
        edit.tags = Some(DocumentTags::parse(&tags)?);
    }
    Ok(draft)
}

fn unknown_field(name: &str) -> DocumentError {
    let known = "file, title, authors, year, doi, language, folder, tags, allow_duplicate";
    DocumentError::invalid(
        "form",
        format!("has the unknown field `{name}`; known are {known}"),
    )
}

pub fn require_no_fields(fields: &[(String, String)]) -> Result<(), DocumentError> {
    match fields.first() {
        Some((name, _)) => {
            let why = format!("has the field `{name}`; a version is uploaded with `file` alone");
            Err(DocumentError::invalid("form", why))
        }
        None => Ok(()),
    }
}

/// What is to change about a document. What is absent stays; `null` says that there is none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDocument {
    /// 1 to 500 characters.
    title: Option<String>,
    authors: Option<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    year: Given<i32>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "10.1000/182")]
    doi: Given<String>,
    /// A tag of BCP 47: `ja`, `en`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    language: Given<String>,
    /// `a/b`; empty for the root.
    folder: Option<String>,
    tags: Option<Vec<String>>,
    /// Fields for which what the file says counts again.
    #[serde(default)]
    as_read: Vec<Field>,
}

/// A value that may be absent, and may be `null`.
#[derive(Default)]
enum Given<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(value)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Given<T> {
    fn parse<U>(
        self,
        parse: impl FnOnce(T) -> Result<U, DocumentError>,
    ) -> Result<FieldChange<Option<U>>, DocumentError> {
        Ok(match self {
            Self::Absent => FieldChange::Keep,
            Self::Null => FieldChange::Set(None),
            Self::Value(value) => FieldChange::Set(Some(parse(value)?)),
        })
    }
}

impl EditDocument {
    pub fn parse(self) -> Result<Edit, DocumentError> {
        let Self {
            title,
            authors,
            year,
            doi,
            language,
            folder,
            tags,
            as_read,
        } = self;
        let mut edit = Edit {
            title: set(title.map(|text| Title::parse(&text)))?,
            authors: set(authors.map(|names| Authors::parse(&names)))?,
            year: year.parse(Year::parse)?,
            doi: doi.parse(|doi| Doi::parse(&doi))?,
            language: language.parse(|tag| Language::parse(&tag))?,
            folder: folder.as_deref().map(Folder::parse).transpose()?,
            tags: tags.as_deref().map(DocumentTags::parse).transpose()?,
        };
        for field in as_read {
            match field {
                Field::Title => read_again(&mut edit.title, field)?,
                Field::Authors => read_again(&mut edit.authors, field)?,
                Field::Year => read_again(&mut edit.year, field)?,
                Field::Doi => read_again(&mut edit.doi, field)?,
                Field::Language => read_again(&mut edit.language, field)?,
            }
        }
        Ok(edit)
    }
}

fn set<T>(value: Option<Result<T, DocumentError>>) -> Result<FieldChange<T>, DocumentError> {
    value.map_or(Ok(FieldChange::Keep), |value| value.map(FieldChange::Set))
}

fn read_again<T>(change: &mut FieldChange<T>, field: Field) -> Result<(), DocumentError> {
    if matches!(change, FieldChange::Set(_)) {
        let why = format!("names `{}`, which this edit also sets", field.name());
        return Err(DocumentError::invalid("as_read", why));
    }
    *change = FieldChange::AsRead;
    Ok(())
}

/// Which documents, and in which order.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListDocuments {
    /// Part of the title, of an author's name, of the DOI or of the file's name.
    text: Option<String>,
    /// In this folder: `a/b`, or `/` for the root.
    folder: Option<String>,
    /// `true` also takes the folders inside that folder.
    deep: Option<bool>,
    /// With this tag; several with commas between.
    tags: Option<String>,
    /// State of the latest version.
    #[param(value_type = Option<VersionState>)]
    state: Option<String>,
    /// Kind of the latest version: `pdf`, `docx`, `png` and so on.
    kind: Option<String>,
    language: Option<String>,
    year: Option<i32>,
    /// `created_at`, `updated_at` or `title`; with a `-` before it, from the highest down. `-created_at` when absent.
    sort: Option<String>,
    /// 1 to 100; 50 when absent.
    limit: Option<u32>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// A list that is wanted.
pub struct ListRequest {
    pub filter: CatalogFilter,
    pub order: CatalogOrder,
    pub cursor: Option<Cursor>,
    pub limit: PageLimit,
}

impl ListDocuments {
    pub fn parse(self) -> Result<ListRequest, Failure> {
        let tags = self.tags.as_deref().unwrap_or_default().split(',');
        let tags = tags.map(str::trim).filter(|tag| !tag.is_empty());
        Ok(ListRequest {
            filter: CatalogFilter {
                text: self.text.filter(|text| !text.is_empty()),
                folder: self.folder.as_deref().map(Folder::parse).transpose()?,
                deep: self.deep.unwrap_or(false),
                tags: tags.map(str::to_owned).collect(),
                state: self.state.as_deref().map(parse_state).transpose()?,
                kind: self.kind.as_deref().map(parse_kind).transpose()?,
                language: self.language,
                year: self.year,
            },
            order: parse_order(self.sort.as_deref())?,
            cursor: self.cursor,
            limit: PageLimit::parse(self.limit)?,
        })
    }
}

fn parse_state(name: &str) -> Result<VersionState, Failure> {
    name.parse().map_err(|_| {
        let known = VersionState::ALL.map(VersionState::name).join(", ");
        invalid(format!("`state` is `{name}`; it must be one of {known}"))
    })
}

fn parse_kind(name: &str) -> Result<FileKind, Failure> {
    name.parse().map_err(|_| {
        let known = FileKind::ALL.map(FileKind::as_str).join(", ");
        invalid(format!("`kind` is `{name}`; it must be one of {known}"))
    })
}

fn parse_order(sort: Option<&str>) -> Result<CatalogOrder, Failure> {
    let sort = sort.unwrap_or("-created_at");
    let (descending, name) = match sort.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, sort),
    };
    let by = match name {
        "created_at" => SortBy::CreatedAt,
        "updated_at" => SortBy::UpdatedAt,
        "title" => SortBy::Title,
        _ => {
            return Err(invalid(format!(
                "`sort` is `{sort}`; it must be created_at, updated_at or title, with or without `-`"
            )));
        }
    };
    Ok(CatalogOrder { by, descending })
}

fn invalid(message: String) -> Failure {
    Failure::new(ErrorCode::InvalidRequest, message)
}

/// A page of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1 to 100; 50 when absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

/// How a page is drawn.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PictureQuery {
    /// Pixels across: 320, 1000 or 2000; 1000 when absent.
    width: Option<u32>,
}

impl PictureQuery {
    pub fn parse(self) -> Result<PictureWidth, Failure> {
        Ok(self
            .width
            .map(PictureWidth::parse)
            .transpose()?
            .unwrap_or_default())
    }
}

/// What is watched.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WatchQuery {
    /// The latest when absent.
    pub version: Option<i32>,
}
