//! Every endpoint of notes.

use super::endpoints;
use crate::platform::http::Endpoints;

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(endpoints::write_note)
        .service(endpoints::list_notes)
        .service(endpoints::get_note)
        .service(endpoints::edit_note)
        .service(endpoints::delete_note)
        .service(endpoints::rewrite_note)
        .service(endpoints::list_note_versions)
        .service(endpoints::get_note_version)
        .service(endpoints::export_note);
}
