//! What the three formats of Office Open XML share: how parts refer to each other, and what a file says of itself.

use std::collections::HashMap;

use super::{
    archive::{Archive, Part},
    limits::FormatLimits,
    xml::{Doctype, Node, Xml},
};
use crate::document::extraction::{error::ExtractionError, guess, model::FileMetadata};

const CORE_PROPERTIES: &str = "docProps/core.xml";
/// What programs write where nobody gave a title.
const NO_TITLES: [&str; 5] = [
    "PowerPoint Presentation",
    "PowerPoint プレゼンテーション",
    "Word Document",
    "Untitled",
    "Slide 1",
];

/// The parts that one part refers to. References out of the file are left out.
#[derive(Debug, Default)]
pub struct Relationships {
    targets: HashMap<String, Target>,
}

#[derive(Debug)]
struct Target {
    /// The last word of the relationship's type: `slide`, `notesSlide`.
    kind: String,
    path: String,
}

impl Relationships {
    /// Of the part at `path`; the package itself is at the empty path.
    pub fn of(
        archive: &mut Archive<'_>,
        path: &str,
        limits: &FormatLimits,
    ) -> Result<Self, ExtractionError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let slash = if folder.is_empty() { "" } else { "/" };
        let Some(part) = archive.part(&format!("{folder}{slash}_rels/{name}.rels"))? else {
            return Ok(Self::default());
        };
        let mut xml = Xml::new(part, limits, Doctype::Refused);
        let mut targets = HashMap::new();
        while let Some(node) = xml.next()? {
            let Node::Open(element) = node else { continue };
            let is_inside = element.attribute("TargetMode").as_deref() != Some("External");
            if let (Some(id), Some(kind), Some(target), true) = (
                element.attribute("Id"),
                element.attribute("Type"),
                element.attribute("Target"),
                is_inside,
            ) {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let path = resolved(folder, &target);
                targets.insert(id, Target { kind, path });
            }
        }
        Ok(Self { targets })
    }

    pub fn path(&self, id: &str) -> Option<&str> {
        self.targets.get(id).map(|target| target.path.as_str())
    }

    /// The first part of one kind, if there is any.
    pub fn first<'p, 'a>(
        &self,
        archive: &'p mut Archive<'a>,
        kind: &str,
    ) -> Result<Option<Part<'p, 'a>>, ExtractionError> {
        match self.paths(kind).first() {
            Some(path) => archive.part(path),
            None => Ok(None),
        }
    }

    /// The paths of all parts of one kind, in an order that does not change.
    pub fn paths(&self, kind: &str) -> Vec<&str> {
        let of_kind = self.targets.values().filter(|target| target.kind == kind);
        let mut paths: Vec<&str> = of_kind.map(|target| target.path.as_str()).collect();
        paths.sort_unstable();
        paths
    }
}

/// The path of the part that the others hang on.
pub fn main_part(
    archive: &mut Archive<'_>,
    limits: &FormatLimits,
    usual: &str,
) -> Result<String, ExtractionError> {
    let package = Relationships::of(archive, "", limits)?;
    let paths = package.paths("officeDocument");
    Ok((*paths.first().unwrap_or(&usual)).to_owned())
}

/// What the file says of itself.
pub fn metadata(
    archive: &mut Archive<'_>,
    limits: &FormatLimits,
) -> Result<FileMetadata, ExtractionError> {
    let mut said = FileMetadata::default();
    let Some(part) = archive.part(CORE_PROPERTIES)? else {
        return Ok(said);
    };
    let mut xml = Xml::new(part, limits, Doctype::Refused);
    while let Some(node) = xml.next()? {
        let Node::Open(element) = node else { continue };
        let name = element.name().to_owned();
        match name.as_str() {
            "title" => {
                let title = xml.text()?;
                said.title = Some(title).filter(|it| !NO_TITLES.contains(&it.trim()));
            }
            "creator" => said.authors = authors(&xml.text()?),
            "created" => said.year = guess::year(&xml.text()?),
            "language" => said.language = Some(xml.text()?),
            "identifier" => said.doi = guess::doi(&xml.text()?),
            _ => {}
        }
    }
    Ok(said)
}

/// Names that stand in one field.
pub fn authors(field: &str) -> Vec<String> {
    let names = field.split([';', '；', '、']).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A reference from a part in `folder`, as a path in the archive. `..` above its root leads nowhere.
pub fn resolved(folder: &str, target: &str) -> String {
    let (start, target) = match target.strip_prefix('/') {
        Some(from_root) => ("", from_root),
        None => (folder, target),
    };
    let mut path: Vec<&str> = start.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_stays_inside_the_archive() {
        assert_eq!(resolved("ppt/slides", "../media/a.png"), "ppt/media/a.png");
        assert_eq!(resolved("ppt", "/word/document.xml"), "word/document.xml");
        assert_eq!(resolved("a", "../../../../etc/passwd"), "etc/passwd");
    }
}
