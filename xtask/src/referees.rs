//! The outsiders that judge our gateways: official packages in virtual environments and folders below `target`.
//!
//! Pinned, kept for the next run, and never needed: a test whose referee is not there says so and passes.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::report::Outcome;
use crate::sh;

/// Written when everything of a folder is installed.
const DONE: &str = "installed";

/// A folder with packages, and the variable by which tests find it.
struct Referee {
    /// The folder below `target/xtask`; another version is another folder.
    folder: &'static str,
    variable: &'static str,
    packages: &'static [&'static str],
    kind: Kind,
}

enum Kind {
    Python,
    Node,
}

const REFEREES: &[Referee] = &[
    Referee {
        folder: "referees-python-1",
        variable: "SANDBOX_PYTHON",
        packages: &["stripe==16.1.0", "paypal-server-sdk==2.4.0", "localstripe==1.15.10"],
        kind: Kind::Python,
    },
    Referee {
        folder: "referees-paypalrestsdk-1",
        variable: "SANDBOX_PYTHON_PAYPALRESTSDK",
        packages: &["paypalrestsdk==1.13.3", "pyOpenSSL==23.2.0", "cryptography<42"],
        kind: Kind::Python,
    },
    Referee { folder: "referees-node-1", variable: "SCRIP_REFEREES", packages: &["vnpay@2.5.0"], kind: Kind::Node },
];

impl Referee {
    fn path(&self) -> PathBuf {
        sh::root().join("target/xtask").join(self.folder)
    }

    /// What the variable names.
    fn value(&self) -> String {
        let path = match self.kind {
            Kind::Python => self.path().join("bin/python3"),
            Kind::Node => self.path(),
        };
        path.to_string_lossy().into_owned()
    }

    fn is_there(&self) -> bool {
        self.path().join(DONE).is_file()
    }

    fn install(&self, until: Instant) -> Result<()> {
        if self.is_there() {
            return Ok(());
        }
        match self.kind {
            Kind::Python => python(&self.path(), self.packages, until)?,
            Kind::Node => node(&self.path(), self.packages, until)?,
        }
        Ok(std::fs::write(self.path().join(DONE), self.packages.join("\n"))?)
    }
}

/// Installs all of them that can be had.
pub fn run(until: Instant) -> Result<Outcome> {
    let mut missing = Vec::new();
    for referee in REFEREES {
        if let Err(error) = referee.install(until) {
            missing.push(format!("{}: {error:#}", referee.packages.join(", ")));
        }
    }
    if missing.len() == REFEREES.len() {
        return Ok(Outcome::Skipped(missing.join("; ")));
    }
    let found: Vec<&str> =
        REFEREES.iter().filter(|referee| referee.is_there()).flat_map(|referee| referee.packages).copied().collect();
    let without = if missing.is_empty() { String::new() } else { format!("; without {}", missing.join("; ")) };
    Ok(Outcome::Passed(format!("{}{without}", found.join(", "))))
}

/// The variables by which tests find those that are installed.
pub fn variables() -> impl Iterator<Item = (&'static str, String)> {
    REFEREES.iter().filter(|referee| referee.is_there()).map(|referee| (referee.variable, referee.value()))
}

/// Makes a virtual environment with packages.
pub fn python(folder: &Path, packages: &[&str], until: Instant) -> Result<()> {
    sh::need("python3", "python3", until)?;
    let venv = || sh::capture(sh::command("python3", &["-m", "venv", &folder.to_string_lossy()]), until);
    if !venv()?.status.success() {
        sh::install("python3-venv", until)?;
        venv()?.ok("python3 -m venv (install Debian's python3-venv)")?;
    }
    let pip = folder.join("bin/pip");
    let mut install = sh::command(&pip.to_string_lossy(), &["install", "--quiet", "--disable-pip-version-check"]);
    install.args(packages);
    sh::capture(install, until)?.ok("pip install").map(drop)
}

fn node(folder: &Path, packages: &[&str], until: Instant) -> Result<()> {
    if sh::which("npm").is_none() {
        bail!("npm is not installed (Debian's nodejs and npm)");
    }
    std::fs::create_dir_all(folder)?;
    let mut install = sh::command("npm", &["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
    install.arg(folder).args(packages);
    sh::capture(install, until)?.ok("npm install").map(drop)
}
