DROP TABLE document_annotation;
DROP TABLE document_note_part;
DROP TABLE document_note_source;
DROP TABLE document_note_version;
DROP TABLE document_note;
