//! The strings that cells share. The reading beside Japanese characters is left out.

use crate::document::extraction::{
    error::{ExtractionError, Limit},
    formats::{
        limits::FormatLimits,
        pages::within,
        xml::{Node, Xml},
    },
};

pub fn read(mut xml: Xml<'_>, limits: &FormatLimits) -> Result<Vec<String>, ExtractionError> {
    let (mut strings, mut text, mut in_text) = (Vec::new(), String::new(), false);
    let mut bytes = 0_u64;
    while let Some(node) = xml.next()? {
        match node {
            Node::Open(element) if element.name() == "rPh" => xml.skip()?,
            Node::Open(element) => in_text = element.name() == "t",
            Node::Text(part) if in_text => text.push_str(&part),
            Node::Close(element) => {
                in_text = false;
                if element.name() == "si" {
                    bytes += text.len() as u64;
                    strings.push(std::mem::take(&mut text));
                    within(Limit::Cells, strings.len() as u64, limits.cells)?;
                    within(Limit::PartBytes, bytes, limits.part_bytes)?;
                }
            }
            _ => {}
        }
    }
    Ok(strings)
}
