//! Carries out one command line, and turns its end into an exit code.
//!
//! 0: done. 1: it failed, or the answer is "no" (`health`, `migrate --check`). 2: the command line or
//! the configuration is not valid. 128 + n: ended by signal n while draining.

mod doc_sandbox;
mod health;
mod keys;

use std::process::ExitCode;

use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};

use super::{Cli, Process, Role, Settings, StartError, api, cli::Command, migrate};
use crate::{
    identity::IdentityError,
    kernel::error_chain,
    platform::{
        config::{ConfigError, Environment, effective_toml},
        lifecycle::Outcome,
        sizing::Sizing,
        telemetry::Telemetry,
        tls::install_crypto_provider,
    },
};

const FAILED: u8 = 1;
const INVALID: u8 = 2;

/// What ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("the runtime can not be started")]
    Runtime(#[from] std::io::Error),
    #[error("the output can not be written as text")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fatal {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Start(StartError::Config(_)) => INVALID,
            _ => FAILED,
        }
    }
}

/// Carries out the command line.
pub fn run(cli: Cli) -> ExitCode {
    match try_run(cli) {
        Ok(code) => code,
        Err(error) => {
            report(&error);
            ExitCode::from(error.exit_code())
        }
    }
}

fn try_run(cli: Cli) -> Result<ExitCode, Fatal> {
    // It has no settings, and must have one thread.
    if let Some(Command::DocSandbox(command)) = cli.command {
        return Ok(doc_sandbox::run(&command));
    }
    let settings = Settings::load(cli.profile.as_deref(), &Environment::of_process())?;
    install_crypto_provider();
    let threads = Sizing::of_machine().processors;
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?;
    match cli.command {
        Some(Command::Config) => {
            print(&effective_toml(&settings).map_err(|error| Fatal::Format(error.into()))?);
        }
        Some(Command::Openapi) => {
            let document = api::openapi_document();
            print(
                &document
                    .to_pretty_json()
                    .map_err(|error| Fatal::Format(error.into()))?,
            );
        }
        Some(Command::Health { wait_for }) => {
            return Ok(exit(
                runtime.block_on(health::probe(&settings.server, wait_for)),
            ));
        }
        Some(Command::DocSandbox(command)) => return Ok(doc_sandbox::run(&command)),
        Some(Command::Keys(command)) => runtime.block_on(keys::run(&settings, command))?,
        Some(Command::Migrate { check }) => {
            return runtime.block_on(migrate_command(&settings, check));
        }
        None if cli.roles == [Role::Migrate] => {
            return runtime.block_on(migrate_command(&settings, false));
        }
        None => {
            let telemetry = Telemetry::install(&settings.telemetry)?;
            let roles = if cli.roles.is_empty() {
                Role::SERVING.to_vec()
            } else {
                cli.roles
            };
            let outcome = runtime.block_on(serve(settings, &roles));
            telemetry.flush();
            return Ok(exit(outcome? == Outcome::Drained));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Settings, roles: &[Role]) -> Result<Outcome, StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Server)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Server)?;
    let process = Process::start(settings, roles).await?;
    let outcome = process
        .run_to_end(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            tokio::spawn(async move {
                let code = tokio::select! {
                    _ = terminate.recv() => SignalKind::terminate(),
                    _ = interrupt.recv() => SignalKind::interrupt(),
                };
                exit_now(code);
            });
        })
        .await;
    Ok(outcome)
}

/// The second signal: whoever sends it does not want to wait.
#[expect(clippy::disallowed_methods, reason = "the operator asked twice")]
fn exit_now(signal: SignalKind) {
    tracing::warn!("a second signal: exiting at once");
    std::process::exit(128 + signal.as_raw_value());
}

async fn migrate_command(settings: &Settings, check: bool) -> Result<ExitCode, Fatal> {
    let state = if check {
        migrate::check(&settings.database).await?
    } else {
        migrate::migrate(&settings.database).await?
    };
    let missing = if state.is_usable() {
        "nothing is missing".to_owned()
    } else {
        format!("missing: {}", state.pending.join(", "))
    };
    print(&format!(
        "schema {}, this binary needs {}; {missing}",
        state.found, state.needed
    ));
    Ok(exit(state.is_usable()))
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print(text: &str) {
    println!("{}", text.trim_end());
}

/// The error and its causes, for a person at a terminal.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a command that failed"
)]
fn report(error: &Fatal) {
    eprintln!("app: {}", error_chain(error));
}
