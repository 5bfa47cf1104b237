//! What it costs to fetch a prompt by label: from memory, from the database, and over HTTP on a
//! connection that is kept alive. On SQLite, and on PostgreSQL where `TEST_POSTGRES_URL` names a server.

use std::{
    hint::black_box,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use criterion::{Criterion, criterion_group, criterion_main};
use kaname::{
    kernel::{Actor, Clock, Permissions, Subject},
    platform::{
        config::Environment,
        db::{Db, Migrator},
        sizing::Sizing,
        wakeup::Wakeups,
    },
    prompt::{Config, Content, Draft, Label, PromptName, Prompts, Selector},
    roles::{Process, Role, Settings},
};
use tokio::runtime::Runtime;

const NAME: &str = "bench/greeting";
const PUBLIC_KEY: &str = "pk-bench-0123456789";
const SECRET_KEY: &str = "sk-bench-0123456789";

/// Settings on a database that nobody else uses; the folder holds SQLite's file.
struct Target {
    engine: &'static str,
    settings: Settings,
    _folder: tempfile::TempDir,
}

fn targets() -> Vec<Target> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the services' addresses come this way"
    )]
    let server = std::env::var("TEST_POSTGRES_URL").ok();
    let mut targets = vec![target("sqlite", None)];
    targets.extend(server.map(|server| target("postgres", Some(&server))));
    targets
}

fn target(engine: &'static str, server: Option<&str>) -> Target {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = match server {
        Some(server) => new_postgres_database(server),
        None => format!("sqlite:{}", folder.path().join("kaname.db").display()),
    };
    let environment = Environment::from_pairs([
        ("APP_DATABASE__URL", url.as_str()),
        ("APP_SERVER__PORT", "0"),
        ("APP_SERVER__WORKERS", "1"),
        (
            "APP_IDENTITY__KEY_HASH_SECRET",
            "a secret for benches, 32 characters or more",
        ),
        ("LANGFUSE_INIT_PROJECT_ID", "bench"),
        ("LANGFUSE_INIT_PROJECT_PUBLIC_KEY", PUBLIC_KEY),
        ("LANGFUSE_INIT_PROJECT_SECRET_KEY", SECRET_KEY),
    ]);
    let settings = Settings::load(None, &environment).expect("valid settings");
    Migrator::new(&settings.database)
        .expect("a URL")
        .migrate()
        .expect("a schema");
    Target {
        engine,
        settings,
        _folder: folder,
    }
}

fn new_postgres_database(server: &str) -> String {
    use diesel::{Connection, PgConnection, connection::SimpleConnection};
    let name = format!("bench_{}", std::process::id());
    let mut admin = PgConnection::establish(server).expect("the server answers");
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("a new database");
    let mut url = url::Url::parse(server).expect("TEST_POSTGRES_URL is a URL");
    url.set_path(&name);
    url.to_string()
}

fn actor() -> Actor {
    Actor {
        subject: Subject::System,
        organization: kaname::kernel::Id::from_name("bench"),
        project: kaname::kernel::Id::from_name("bench"),
        permissions: Permissions::all(),
    }
}

/// A prompt of a usual size: 2,000 characters, a variable, a config.
async fn publish(prompts: &Prompts) {
    let text = format!(
        "You are {{{{role}}}}. {}",
        "Answer briefly and kindly. ".repeat(74)
    );
    let draft = Draft {
        name: PromptName::parse(NAME).expect("a name"),
        content: Content::Text(text),
        config: Config::parse(Some(
            serde_json::json!({ "model": "m", "temperature": 0.2 }),
        ))
        .expect("a config"),
        commit_message: None,
        labels: vec![Label::production()],
        tags: None,
    };
    prompts.publish(&actor(), draft).await.expect("a version");
}

fn fetch(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    for Target {
        engine,
        settings,
        _folder,
    } in targets()
    {
        let name = PromptName::parse(NAME).expect("a name");
        let selector = Selector::Label(Label::production());
        let (prompts, cold) = runtime.block_on(async {
            let db = Db::new(&settings.database, Sizing::of_machine(), Wakeups::default())
                .expect("a database");
            let mut never = settings.prompts.clone();
            never.cache_bytes = 0;
            let cold = Prompts::new(db.clone(), Clock::system(), &never);
            let prompts = Prompts::new(db, Clock::system(), &settings.prompts);
            publish(&prompts).await;
            (prompts, cold)
        });
        for (case, service) in [("memory", &prompts), ("database", &cold)] {
            criterion.bench_function(&format!("prompt_fetch/{engine}/{case}"), |bench| {
                bench.to_async(&runtime).iter(|| async {
                    black_box(
                        service
                            .fetch(&actor(), &name, &selector)
                            .await
                            .expect("a prompt"),
                    )
                });
            });
        }
        let process = runtime
            .block_on(Process::start(settings, &[Role::Api]))
            .expect("the app starts");
        for (case, path) in [
            ("own", "/api/v1/prompts"),
            ("langfuse", "/api/public/v2/prompts"),
        ] {
            let mut client = Client::connect(&process.address, path);
            criterion.bench_function(&format!("prompt_fetch/{engine}/http/{case}"), |bench| {
                bench.iter(|| client.ask());
            });
        }
        runtime.block_on(process.run_to_end(async {}));
    }
}

/// One connection that sends the same request again and again, at no more cost than its system calls.
struct Client {
    stream: TcpStream,
    request: String,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: &std::net::SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the app listens");
        stream.set_nodelay(true).expect("an option of the socket");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("an option of the socket");
        let credentials = STANDARD.encode(format!("{PUBLIC_KEY}:{SECRET_KEY}"));
        let name = NAME.replace('/', "%2F");
        let request = format!(
            "GET {path}/{name} HTTP/1.1\r\nhost: bench\r\nauthorization: Basic {credentials}\r\n\r\n"
        );
        Self {
            stream,
            request,
            buffer: vec![0; 64 * 1024],
        }
    }

    /// Reads to the end of the body; the server tells its length.
    fn ask(&mut self) -> usize {
        self.stream
            .write_all(self.request.as_bytes())
            .expect("the app reads");
        let mut filled = 0;
        loop {
            filled += self
                .stream
                .read(&mut self.buffer[filled..])
                .expect("the app answers");
            let Some(length) = length_of(&self.buffer[..filled]) else {
                continue;
            };
            if filled == length {
                assert!(
                    self.buffer.starts_with(b"HTTP/1.1 200"),
                    "it is not the prompt"
                );
                return length;
            }
        }
    }
}

/// Bytes of the whole answer, once its head is there.
fn length_of(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head + line.parse::<usize>().ok()?)
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = fetch
}
criterion_main!(benches);
