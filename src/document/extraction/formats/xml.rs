//! XML under limits: no document type that declares anything, no entity but XML's own five, bounded depth.

use std::{
    borrow::Cow,
    io::{BufReader, Read},
};

use quick_xml::{
    Error, Reader, XmlVersion,
    encoding::DecodingReader,
    events::{BytesEnd, BytesStart, Event},
};

use super::{archive::Part, limits::FormatLimits, pages::within};
use crate::document::extraction::error::{ExtractionError, Limit};

/// Whether a part may begin with a document type. It is never read, only recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doctype {
    /// Office formats have none.
    Refused,
    /// Books name one; one that declares entities is refused there too.
    Named,
}

pub struct Xml<'p> {
    reader: Reader<DecodingReader<BufReader<Box<dyn Read + 'p>>>>,
    buffer: Vec<u8>,
    part: String,
    depth: u64,
    depth_max: u64,
    doctype: Doctype,
}

/// What comes next in the part.
pub enum Node<'x> {
    Open(Element<'x>),
    Close(ElementEnd<'x>),
    Text(Cow<'x, str>),
    /// A comment, an instruction to a program.
    Other,
}

pub struct Element<'x>(BytesStart<'x>);

pub struct ElementEnd<'x>(BytesEnd<'x>);

impl<'p> Xml<'p> {
    pub fn new(part: Part<'p, '_>, limits: &FormatLimits, doctype: Doctype) -> Self {
        let name = part.name().to_owned();
        let bytes: Box<dyn Read + 'p> = Box::new(part);
        let mut reader = Reader::from_reader(DecodingReader::new(BufReader::new(bytes)));
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            buffer: Vec::new(),
            part: name,
            depth: 0,
            depth_max: limits.depth,
            doctype,
        }
    }

    /// `None` at the end of the part.
    pub fn next(&mut self) -> Result<Option<Node<'_>>, ExtractionError> {
        self.buffer.clear();
        let event = self.reader.read_event_into(&mut self.buffer);
        match event.map_err(|error| refusal(&self.part, &error))? {
            Event::Start(start) => {
                self.depth += 1;
                within(Limit::Depth, self.depth, self.depth_max)?;
                Ok(Some(Node::Open(Element(start))))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Some(Node::Close(ElementEnd(end))))
            }
            Event::Text(text) => Ok(Some(Node::Text(text.xml10_content()))),
            Event::CData(text) => Ok(Some(Node::Text(text.xml10_content()))),
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref();
                let character = character.map_err(|error| refusal(&self.part, &error))?;
                let text = match character {
                    Some(character) => Cow::Owned(character.to_string()),
                    None => Cow::Borrowed(entity(&self.part, self.doctype, &name.xml10_content())?),
                };
                Ok(Some(Node::Text(text)))
            }
            Event::DocType(doctype) => {
                let declares = doctype.contains('[') || doctype.contains("<!");
                if self.doctype == Doctype::Refused || declares {
                    return Err(ExtractionError::refused(
                        &self.part,
                        "it declares a document type; entities are never expanded",
                    ));
                }
                Ok(Some(Node::Other))
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(Some(Node::Other)),
            Event::Empty(_) => Err(ExtractionError::damaged(&self.part, "an empty element")),
            Event::Eof if self.depth > 0 => Err(ExtractionError::damaged(
                &self.part,
                "it ends within an element",
            )),
            Event::Eof => Ok(None),
        }
    }

    /// Goes past the end of the element that was opened last.
    pub fn skip(&mut self) -> Result<(), ExtractionError> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// All text up to the end of the element that was opened last.
    pub fn text(&mut self) -> Result<String, ExtractionError> {
        let outside = self.depth.saturating_sub(1);
        let mut text = String::new();
        while self.depth > outside {
            match self.next()? {
                Some(Node::Text(part)) => text.push_str(&part),
                Some(_) => {}
                None => break,
            }
        }
        Ok(text)
    }
}

impl Element<'_> {
    /// Without its prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// With its prefix.
    pub fn qualified(&self) -> &str {
        self.0.name().into_inner()
    }

    /// The value of the attribute of that name, whatever its prefix.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.find(|attribute| attribute.local_name().into_inner() == name)
    }

    /// The value of the attribute of that name with its prefix.
    pub fn attribute_named(&self, name: &str) -> Option<String> {
        self.find(|attribute| attribute.into_inner() == name)
    }

    /// A switch of Office: there, unless it says that it is off.
    pub fn is_on(&self) -> bool {
        !matches!(
            self.attribute("val").as_deref(),
            Some("0" | "false" | "off")
        )
    }

    fn find(&self, is: impl Fn(quick_xml::name::QName<'_>) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        // Checking names against one another costs their square.
        let attributes = attributes.with_checks(false);
        let mut known = attributes.filter_map(Result::ok);
        let found = known.find(|attribute| is(attribute.key))?;
        let value = found.normalized_value(XmlVersion::Explicit1_0);
        // An entity that is none of XML's own leaves nothing.
        value.ok().map(Cow::into_owned)
    }
}

impl ElementEnd<'_> {
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }
}

fn entity(part: &str, doctype: Doctype, name: &str) -> Result<&'static str, ExtractionError> {
    match (name, doctype) {
        ("lt", _) => Ok("<"),
        ("gt", _) => Ok(">"),
        ("amp", _) => Ok("&"),
        ("apos", _) => Ok("'"),
        ("quot", _) => Ok("\""),
        // One of HTML's names, which a book may use.
        (_, Doctype::Named) => Ok(" "),
        (_, Doctype::Refused) => Err(ExtractionError::refused(
            part,
            format!("it names the entity {name:?}; entities are never expanded"),
        )),
    }
}

fn refusal(part: &str, error: &Error) -> ExtractionError {
    if let Error::Io(io) = error
        && let Some(inner) = io.get_ref()
        && let Some(found) = inner.downcast_ref::<ExtractionError>()
    {
        return found.clone();
    }
    ExtractionError::damaged(part, error)
}
