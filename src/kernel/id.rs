//! Identifiers: one generic newtype over a UUID, so that a prompt's id cannot be passed as a key's.

use std::{cmp, fmt, hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The id of a `T`. New ids are UUIDv7 (they sort by time) and come from [`Clock::new_id`].
///
/// [`Clock::new_id`]: super::Clock::new_id
pub struct Id<T: ?Sized> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

/// Marker of [`OrganizationId`].
pub enum OrganizationMarker {}
/// Marker of [`ProjectId`].
pub enum ProjectMarker {}
/// Marker of [`ApiKeyId`].
pub enum ApiKeyMarker {}
/// Marker of [`UserId`].
pub enum UserMarker {}

pub type OrganizationId = Id<OrganizationMarker>;
pub type ProjectId = Id<ProjectMarker>;
pub type ApiKeyId = Id<ApiKeyMarker>;
pub type UserId = Id<UserMarker>;

/// Namespace of the ids that are derived from a name an operator chose (see [`Id::from_name`]).
const NAMED: Uuid = Uuid::from_u128(0x6b61_6e61_6d65_4000_8000_0000_0000_0001);

impl<T: ?Sized> Id<T> {
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            of: PhantomData,
        }
    }

    pub const fn as_uuid(&self) -> Uuid {
        self.uuid
    }

    /// The id an operator names in configuration: a UUID as it stands, any other text as the
    /// UUIDv5 of that text, so that the same name gives the same id on every start.
    pub fn from_name(name: &str) -> Self {
        let uuid = Uuid::parse_str(name).unwrap_or_else(|_| Uuid::new_v5(&NAMED, name.as_bytes()));
        Self::from_uuid(uuid)
    }
}

impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: ?Sized> Copy for Id<T> {}
impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T: ?Sized> Eq for Id<T> {}
impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T: ?Sized> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}
impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}
impl<T: ?Sized> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self::from_uuid)
    }
}
impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.uuid.serialize(serializer)
    }
}
impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_the_same_id_every_time_and_a_uuid_stays_itself() {
        let named = ProjectId::from_name("my-project");
        assert_eq!(named, ProjectId::from_name("my-project"));
        assert_ne!(named, ProjectId::from_name("my-other-project"));
        let text = "018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50";
        assert_eq!(ProjectId::from_name(text).to_string(), text);
    }
}
