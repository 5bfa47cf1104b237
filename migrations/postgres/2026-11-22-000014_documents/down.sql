DROP TABLE document_upload;
DROP TABLE document_page;
DROP TABLE document_version;
DROP TABLE document_tag;
DROP TABLE document_document;
