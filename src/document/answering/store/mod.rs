//! Rows and queries of threads and answers.

mod answers;
mod scope;
mod threads;

pub use answers::{answers, forget, insert_answer, last_answers};
pub use scope::{Answerable, answerable};
pub use threads::{
    ThreadPosition, delete_thread, find_thread, insert_thread, threads, touch_thread,
};
