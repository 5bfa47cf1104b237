//! Every endpoint of documents.

use super::{bibliography, content, manage, pages, progress, read, upload};
use crate::{
    document::{annotations, answering, notes, search},
    platform::http::Endpoints,
};

pub fn routes(config: &mut Endpoints<'_>) {
    config
        .service(upload::upload_document)
        .service(read::list_documents)
        .service(manage::delete_documents)
        .service(read::get_document)
        .service(manage::edit_document)
        .service(manage::delete_document)
        .service(progress::watch_document)
        .service(upload::upload_version)
        .service(read::list_versions)
        .service(read::get_version)
        .service(manage::cancel_version)
        .service(manage::retry_version)
        .service(content::download_file)
        .service(pages::list_pages)
        .service(pages::get_page)
        .service(content::get_page_image)
        .service(bibliography::export_bibliography);
    search::routes(config);
    annotations::routes(config);
    answering::routes(config);
    notes::routes(config);
}
