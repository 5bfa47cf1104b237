//! One shape of a slide: what it holds the place of, where it stands, whether it is seen.

use crate::document::extraction::{formats::xml::Element, model::BlockKind};

/// What a shape stands for in the slide's layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    None,
    Title,
    /// The slide's points, or the text of its notes.
    Body,
    /// The date, the slide's number, a line that every slide has.
    Footer,
    /// The picture of the slide above its notes.
    Other,
}

#[derive(Debug, Default)]
pub struct Shape {
    pub role: Role,
    pub hidden: bool,
    pub description: Option<String>,
    pub is_picture: bool,
    place: Option<(i64, i64)>,
}

impl Shape {
    pub fn picture() -> Self {
        Self {
            is_picture: true,
            ..Self::default()
        }
    }

    pub fn placeholder(&mut self, element: &Element<'_>) {
        self.role = match element.attribute("type").as_deref() {
            Some("title" | "ctrTitle") => Role::Title,
            Some("body" | "obj") | None => Role::Body,
            Some("dt" | "ftr" | "sldNum" | "hdr") => Role::Footer,
            Some("sldImg") => Role::Other,
            Some(_) => Role::None,
        };
    }

    pub fn properties(&mut self, element: &Element<'_>) {
        self.hidden |= matches!(element.attribute("hidden").as_deref(), Some("1" | "true"));
        let said = element.attribute("descr");
        self.description = said.filter(|text| !text.trim().is_empty());
    }

    pub fn offset(&mut self, element: &Element<'_>) {
        let length = |name| element.attribute(name)?.parse::<i64>().ok();
        self.place = length("x").zip(length("y"));
    }

    /// Takes note of how large it is: a shape beside the slide is seen by nobody.
    pub fn extent(&mut self, element: &Element<'_>, slide: Option<(i64, i64)>) {
        let length = |name| element.attribute(name)?.parse::<i64>().ok();
        if let (Some((x, y)), Some((width, height)), Some(slide)) =
            (self.place.take(), length("cx").zip(length("cy")), slide)
        {
            let is_beside = x >= slide.0
                || y >= slide.1
                || x.saturating_add(width) <= 0
                || y.saturating_add(height) <= 0;
            self.hidden |= is_beside;
        }
    }

    /// What a paragraph in it is. `bullet`: what the paragraph itself says of one.
    pub fn kind(&self, bullet: Option<bool>) -> BlockKind {
        match (self.role, bullet) {
            (Role::Title, _) => BlockKind::Heading { level: 1 },
            (Role::Footer, _) => BlockKind::PageFooter,
            (Role::Body, None | Some(true)) | (_, Some(true)) => BlockKind::ListItem,
            _ => BlockKind::Paragraph,
        }
    }
}
