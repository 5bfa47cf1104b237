//! Media that inputs and outputs refer to.

mod schema;
