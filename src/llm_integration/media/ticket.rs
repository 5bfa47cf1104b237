//! Addresses that need no key: who has one may upload or download one content, for a while.

use serde::{Deserialize, Serialize};

use super::{
    MediaId,
    model::{from_address, in_address},
};
use crate::{
    kernel::{Id, ProjectId, Timestamp},
    llm_integration::LlmError,
};

/// Marker of the id of an upload.
pub(super) enum Upload {}

/// What the holder of an address may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// Not for a medium that was announced later: what an address was once used for may be about to
    /// be removed.
    Upload {
        id: Id<Upload>,
        issued_at: Timestamp,
    },
    Download,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub project: ProjectId,
    pub media: MediaId,
    pub purpose: Purpose,
    pub expires_at: Timestamp,
}

/// Signs tickets. Cheap to clone.
#[derive(Clone)]
pub(super) struct Signer([u8; blake3::KEY_LEN]);

impl Signer {
    /// Every process that answers for these addresses has the same key.
    pub const fn new(key: [u8; blake3::KEY_LEN]) -> Self {
        Self(key)
    }

    /// The ticket as it stands in an address.
    pub fn sign(&self, ticket: &Ticket) -> String {
        // A ticket is made of ids, a name and a time, which always have a JSON form.
        let said = serde_json::to_vec(ticket).unwrap_or_default();
        let seal = blake3::keyed_hash(&self.0, &said);
        format!("{}.{}", in_address(&said), in_address(seal.as_bytes()))
    }

    /// # Errors
    /// [`LlmError::AddressNotValid`], whatever is wrong with it.
    pub fn open(&self, text: &str, now: Timestamp) -> Result<Ticket, LlmError> {
        let opened = || {
            let (said, seal) = text.split_once('.')?;
            let (said, seal) = (from_address(said)?, from_address(seal)?);
            let seal: [u8; blake3::OUT_LEN] = seal.try_into().ok()?;
            // Compared in constant time.
            if blake3::keyed_hash(&self.0, &said) != seal {
                return None;
            }
            serde_json::from_slice::<Ticket>(&said).ok()
        };
        opened()
            .filter(|ticket| now < ticket.expires_at)
            .ok_or(LlmError::AddressNotValid)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_ticket_opens_until_its_time_and_only_as_it_was_signed() {
        let now = Timestamp::EPOCH;
        let ticket = Ticket {
            project: ProjectId::from_name("p"),
            media: MediaId::from("m".to_owned()),
            purpose: Purpose::Download,
            expires_at: now.plus(Duration::from_secs(10)),
        };
        let signer = Signer::new([1; 32]);
        let text = signer.sign(&ticket);
        assert_eq!(signer.open(&text, now).unwrap(), ticket);
        assert!(signer.open(&text, ticket.expires_at).is_err());
        assert!(Signer::new([2; 32]).open(&text, now).is_err());
        let other = signer.sign(&Ticket {
            project: ProjectId::from_name("q"),
            ..ticket
        });
        let (said, _) = other.split_once('.').unwrap();
        let (_, seal) = text.split_once('.').unwrap();
        for forged in [
            format!("{said}.{seal}"),
            text.replace('.', ""),
            String::new(),
        ] {
            assert!(signer.open(&forged, now).is_err(), "{forged}");
        }
    }
}
