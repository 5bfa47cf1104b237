//! Scripts that Redis runs as one step, known to it by their hash.

use std::sync::{Mutex, PoisonError};

use deadpool_redis::{
    Connection,
    redis::{self, ErrorKind, FromRedisValue, ServerErrorKind},
};

/// A script of ours. Redis forgets scripts when it restarts; then it is sent again.
pub struct Script {
    code: &'static str,
    hash: Mutex<Option<String>>,
}

impl Script {
    pub const fn new(code: &'static str) -> Self {
        Self {
            code,
            hash: Mutex::new(None),
        }
    }

    /// # Errors
    /// When Redis does not answer: it may have run the script or not.
    pub async fn invoke<T: FromRedisValue>(
        &self,
        conn: &mut Connection,
        keys: &[String],
        arguments: &[String],
    ) -> redis::RedisResult<T> {
        let known = self
            .hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(hash) = known {
            match run(conn, &hash, keys, arguments).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {}
                ran => return ran,
            }
        }
        let hash: String = redis::cmd("SCRIPT")
            .arg("LOAD")
            .arg(self.code)
            .query_async(conn)
            .await?;
        *self.hash.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash.clone());
        run(conn, &hash, keys, arguments).await
    }
}

async fn run<T: FromRedisValue>(
    conn: &mut Connection,
    hash: &str,
    keys: &[String],
    arguments: &[String],
) -> redis::RedisResult<T> {
    redis::cmd("EVALSHA")
        .arg(hash)
        .arg(keys.len())
        .arg(keys)
        .arg(arguments)
        .query_async(conn)
        .await
}
