//! `app keys`: an operator makes, lists and revokes keys without having one.

use super::{Fatal, print};
use crate::{
    identity::{ApiKey, Identity, NewKey},
    kernel::Permissions,
    platform::sizing::Sizing,
    roles::{Settings, cli::KeysCommand, migrate, parts::Foundation},
};

pub(super) async fn run(settings: &Settings, command: KeysCommand) -> Result<(), Fatal> {
    migrate::prepare_schema(&settings.database).await?;
    let identity = Foundation::build(settings, Sizing::of_machine())?.identity;
    match command {
        KeysCommand::Create {
            name,
            project,
            scopes,
            expires,
        } => {
            let actor = Identity::system_actor(&identity.choose_project(project).await?);
            let scopes = if scopes.is_empty() {
                Permissions::all()
            } else {
                scopes.into_iter().collect()
            };
            let new = NewKey {
                name,
                scopes,
                expires_at: expires.map(Into::into),
            };
            let (key, pair) = identity.create_key(&actor, new).await?;
            print(&format!(
                "id          {}\npublic key  {}\nsecret key  {}",
                key.id,
                key.public_key,
                pair.secret.expose()
            ));
        }
        KeysCommand::List { project } => {
            let actor = Identity::system_actor(&identity.choose_project(project).await?);
            identity
                .list_keys(&actor)
                .await?
                .iter()
                .for_each(|key| print(&line(key)));
        }
        KeysCommand::Revoke { id, project } => {
            let actor = Identity::system_actor(&identity.choose_project(project).await?);
            identity.revoke_key(&actor, id).await?;
            print(&format!("revoked {id}"));
        }
    }
    Ok(())
}

fn line(key: &ApiKey) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "no expiry".to_owned(),
    };
    format!(
        "{}  {}  ...{}  {}  {state}",
        key.id, key.public_key, key.secret_hint, key.name
    )
}
