//! Running other programs: streamed or captured, always with an end, and getting the ones that are missing.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::undo::Undo;

/// What a program did.
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Standard output and standard error, as they came.
    pub text: String,
}

impl Output {
    /// The text if the program ended with 0, else an error that shows its last lines.
    pub fn ok(self, what: &str) -> Result<String> {
        if self.status.success() {
            return Ok(self.text);
        }
        let lines: Vec<&str> = self.text.lines().collect();
        bail!("{what}: {}\n{}", self.status, lines[lines.len().saturating_sub(20)..].join("\n"))
    }
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A command that runs in the root of the repository without a terminal's colours or questions.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1").env("INSTA_UPDATE", "no");
    command
}

/// Runs `command` and prints every line as it comes.
pub fn stream(command: Command, until: Instant) -> Result<Output> {
    run(command, until, true)
}

/// Runs `command` silently.
pub fn capture(command: Command, until: Instant) -> Result<Output> {
    run(command, until, false)
}

/// Runs `command` in a process group of its own, so that at `until` the children it started end with it.
fn run(mut command: Command, until: Instant, echo: bool) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let undo = Undo::kill(child.id());
    let text = Arc::new(Mutex::new(String::new()));
    let readers = [
        child.stdout.take().map(|pipe| copy_lines(pipe, Arc::clone(&text), echo)),
        child.stderr.take().map(|pipe| copy_lines(pipe, Arc::clone(&text), echo)),
    ];
    let status = loop {
        if let Some(status) = child.try_wait()? {
            undo.forget();
            break status;
        }
        if Instant::now() >= until {
            drop(undo);
            child.wait()?;
            bail!("{name} was stopped: the time of this run is over");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    for reader in readers.into_iter().flatten() {
        if reader.join().is_err() {
            bail!("the output of {name} could not be read");
        }
    }
    let text = std::mem::take(&mut *text.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Output { status, text })
}

fn copy_lines(pipe: impl Read + Send + 'static, text: Arc<Mutex<String>>, echo: bool) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
            let decoded = String::from_utf8_lossy(&line);
            if echo {
                print!("{decoded}");
            }
            text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&decoded);
            line.clear();
        }
    })
}

/// Where `program` is on the search path.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether this process may install packages and mount file systems.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// Makes sure that `program` is there: installs Debian's `package` when it is missing and this is root on Debian.
/// The error says what to install by hand.
pub fn need(program: &str, package: &str, until: Instant) -> Result<()> {
    if which(program).is_none() {
        install(package, until)?;
    }
    if which(program).is_none() {
        bail!("{program} is missing: install Debian's {package}");
    }
    Ok(())
}

/// Installs a Debian package if this is root on Debian; nothing otherwise. The caller looks whether it helped.
pub fn install(package: &str, until: Instant) -> Result<()> {
    if !is_root() || which("apt-get").is_none() {
        return Ok(());
    }
    println!("     installing {package}");
    let apt = |args: &[&str]| {
        let mut apt = command("apt-get", args);
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        capture(apt, until)
    };
    let install = ["install", "-y", "-qq", "--no-install-recommends", package];
    if !apt(&install)?.status.success() {
        apt(&["update", "-qq"])?;
        apt(&install)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn both_streams_and_the_exit_code_come_back() {
        let output = capture(command("sh", &["-c", "echo out; echo err >&2; exit 3"]), soon()).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(output.text.contains("out\n") && output.text.contains("err\n"), "{}", output.text);
        assert!(output.ok("sh").unwrap_err().to_string().contains("err"));
    }

    #[test]
    fn what_runs_over_the_time_is_stopped_with_its_children() {
        let error = capture(command("sh", &["-c", "sleep 600 & sleep 600"]), Instant::now()).err().unwrap();
        assert!(error.to_string().contains("was stopped"), "{error}");
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = capture(command("no-such-program", &[]), soon()).err().unwrap();
        assert!(error.to_string().contains("no-such-program"), "{error}");
        assert!(which("sh").is_some());
        assert!(which("no-such-program").is_none());
    }
}
