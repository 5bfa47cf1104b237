DROP TABLE document_answer_source;
DROP TABLE document_answer;
DROP TABLE document_thread;
