//! Where PostgreSQL's programs are, and as whom they run. They are installed when that can be done without a question.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::sh;

/// Said when there is no PostgreSQL.
pub const MISSING: &str = "PostgreSQL 15 or newer is not there: install it (Debian: apt-get install postgresql) or put its \
                           postgres, initdb and psql on the PATH";
/// The oldest major version that the project supports.
const OLDEST: u32 = 15;
/// Where Debian's package says whether it makes and starts a server of its own.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

/// The programs of one version.
#[derive(Clone, Debug)]
pub(super) struct Programs {
    /// Holds `postgres`, `initdb`, `psql` and their like.
    pub(super) folder: PathBuf,
    /// User and group to run them as; `None`: as this process, which is not root.
    pub(super) user: Option<(u32, u32)>,
}

impl Programs {
    /// The newest ones on this machine, after an attempt to install them when there are none.
    pub(super) fn find_or_install(until: Instant) -> Result<Option<Self>> {
        if let Some(found) = Programs::find()? {
            return Ok(Some(found));
        }
        if sh::is_root() && sh::which("apt-get").is_some() {
            install(until)?;
        }
        Programs::find()
    }

    /// The newest ones on this machine.
    pub(super) fn find() -> Result<Option<Self>> {
        let newest = folders().into_iter().filter_map(|folder| Some((major_version(&folder)?, folder))).max();
        let Some((_, folder)) = newest.filter(|(version, _)| *version >= OLDEST) else { return Ok(None) };
        let user = if sh::is_root() { Some(unprivileged()?) } else { None };
        Ok(Some(Programs { folder, user }))
    }
}

/// Folders where the programs may be: beside the `postgres` on the search path, and where Debian puts each version.
fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    // A link on the search path may stand alone; what it points to has the others beside it.
    let on_path = sh::which("postgres").and_then(|link| link.canonicalize().ok());
    folders.extend(on_path.as_deref().and_then(Path::parent).map(Path::to_owned));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.retain(|folder| ["postgres", "initdb", "psql"].iter().all(|program| folder.join(program).is_file()));
    folders
}

fn major_version(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `postgres (PostgreSQL) 17.2 (Debian …)`, or `17devel`, `17beta1`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.split_once("(PostgreSQL) ")?.1;
    number.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

/// PostgreSQL's own user, or the one that owns nothing.
fn unprivileged() -> Result<(u32, u32)> {
    let ask = |flag: &str, name: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    let found = ["postgres", "nobody"].into_iter().find_map(|name| Some((ask("-u", name)?, ask("-g", name)?)));
    found.context("PostgreSQL does not run as root, and there is no user postgres or nobody: run this as another user")
}

/// Debian's package, without the server that it would start.
fn install(until: Instant) -> Result<()> {
    sh::install("postgresql-common", until)?;
    if let Ok(text) = std::fs::read_to_string(CREATE_CLUSTER)
        && let Some(text) = without_main_cluster(&text)
    {
        std::fs::write(CREATE_CLUSTER, text).with_context(|| format!("cannot write {CREATE_CLUSTER}"))?;
    }
    sh::install("postgresql", until)
}

/// The text with a server at installation switched off; `None` when the administrator has decided about that already.
fn without_main_cluster(text: &str) -> Option<String> {
    let decided = text.lines().any(|line| line.trim_start().starts_with("create_main_cluster"));
    (!decided).then(|| format!("{}\ncreate_main_cluster = false\n", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let table = [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18devel", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres (EnterpriseDB) 15.1", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_version(text), expected, "{text}");
        }
    }

    #[test]
    fn no_server_is_started_by_an_installation_unless_somebody_wants_it() {
        let table = [
            ("# create_main_cluster = true\n", Some("# create_main_cluster = true\ncreate_main_cluster = false\n")),
            ("", Some("\ncreate_main_cluster = false\n")),
            ("create_main_cluster = true\n", None),
            ("a = b\n  create_main_cluster = false", None),
        ];
        for (text, expected) in table {
            assert_eq!(without_main_cluster(text).as_deref(), expected, "{text}");
        }
    }
}
