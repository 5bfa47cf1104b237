//! The command line: what an operator can ask of the binary.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

use super::Role;
use crate::kernel::{ApiKeyId, Permission, ProjectId};

/// Kaname: the backend of an LLM application. Without a command it serves; without a role it plays
/// every role in one process, on SQLite unless `DATABASE_URL` says otherwise.
#[derive(Debug, Parser)]
#[command(name = "app", version, about, long_about = None)]
pub struct Cli {
    /// A role to play; repeat it to combine. All serving roles when absent.
    #[arg(long = "role", value_enum, env = "APP_ROLE", value_delimiter = ',')]
    pub roles: Vec<Role>,
    /// Also reads config/PROFILE.toml.
    #[arg(long, global = true, env = "APP_PROFILE")]
    pub profile: Option<String>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Applies missing migrations, then exits.
    Migrate {
        /// Only tells: exits with 1 when migrations are missing.
        #[arg(long)]
        check: bool,
    },
    /// Asks the process that runs with this configuration whether it is ready; exits with 1 if not.
    Health {
        /// Keeps asking for so long, for example 30s.
        #[arg(long, value_parser = humantime::parse_duration)]
        wait_for: Option<Duration>,
    },
    /// Prints the configuration in effect, secrets masked.
    Config,
    /// Prints the OpenAPI document of the api role.
    Openapi,
    /// Manages API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// What a worker starts to read a file: a process that may do nothing else.
    #[command(subcommand, hide = true)]
    DocSandbox(DocSandboxCommand),
}

#[derive(Debug, Subcommand)]
pub enum DocSandboxCommand {
    /// Reads the file on the standard input; its order comes, and its answers go, over the standard output.
    Read,
    /// Becomes another program.
    Program {
        /// A JSON object: the program, and what is left to it.
        order: String,
    },
    /// Tries what it must not be able to do, and prints what it could.
    Probe,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Creates a key pair and prints it; the secret is shown only now.
    Create {
        /// What the key is for.
        name: String,
        /// Needed when there is more than one project.
        #[arg(long)]
        project: Option<ProjectId>,
        /// A permission such as prompts:read; repeat it. All permissions when absent.
        #[arg(long = "scope")]
        scopes: Vec<Permission>,
        /// RFC 3339, for example 2027-01-01T00:00:00Z.
        #[arg(long)]
        expires: Option<DateTime<Utc>>,
    },
    /// Lists a project's keys.
    List {
        #[arg(long)]
        project: Option<ProjectId>,
    },
    /// Revokes a key.
    Revoke {
        id: ApiKeyId,
        #[arg(long)]
        project: Option<ProjectId>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_roles_combine() {
        Cli::command().debug_assert();
        let cli = Cli::parse_from(["app", "--role", "api", "--role", "event-processor"]);
        assert_eq!(cli.roles, [Role::Api, Role::EventProcessor]);
    }
}
